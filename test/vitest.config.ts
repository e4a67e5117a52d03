import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ProcessesFirst } from './support/processes-first.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const lib = (path: string): string => fileURLToPath(new URL(`../lib/${path}`, import.meta.url));

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^nestjs-kafka-tracing\/testing$/, replacement: lib('testing/index.ts') },
      { find: /^nestjs-kafka-tracing$/, replacement: lib('index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/matchers.ts'],
    maxWorkers: 2, // Most of them wait for Kafka; vitest leaves one core of two idle.
    sequence: { sequencer: ProcessesFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['lib/**/*.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
});
