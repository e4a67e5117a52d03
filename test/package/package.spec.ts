import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { SCOPE_NAME, SCOPE_VERSION } from '../../lib/tracing/instrumentation-scope.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: object;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
}

const run = promisify(execFile);
const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

// Of the built package: `npm test` builds first.
describe('the package', () => {
  it('names itself and its version in the instrumentation scope', () => {
    expect([SCOPE_NAME, SCOPE_VERSION]).toEqual([manifest.name, manifest.version]);
  });

  it('brings no copy of anything: peers only', () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toContain('@opentelemetry/api');
  });

  it('leaves the SDK to the application: what the test kit may load is optional', () => {
    const peers = Object.keys(manifest.peerDependencies).filter((name) => name.startsWith('@opentelemetry/'));
    const required = peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true);
    expect(required).toEqual(['@opentelemetry/api']);
  });

  it.each(['esm', 'cjs'])('declares no type of the SDK, in %s', async (build) => {
    const folder = join('dist', build);
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
    const declarations = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const imported = declarations.flatMap((text) => text.match(/@opentelemetry\/[\w-]+(?=['"])/g) ?? []);
    expect(new Set(imported)).toEqual(new Set(['@opentelemetry/api']));
  });

  it('pins what it is developed with', () => {
    const loose = Object.entries(manifest.devDependencies).filter(
      ([, version]) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('is well formed', async () => {
    const { messages, pkg } = await publint({ pkgDir: '.', level: 'suggestion' });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('gives import and require the same classes', async () => {
    const program = `
      import * as imported from 'nestjs-kafka-tracing';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('nestjs-kafka-tracing');
      const names = Object.keys(imported);
      process.stdout.write(JSON.stringify(names.filter((name) => imported[name] === required[name])));
      if (names.length !== Object.keys(required).length) process.exitCode = 1;`;
    const { stdout } = await run(process.execPath, [
      '--no-warnings',
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(JSON.parse(stdout)).toEqual([
      'ConflictingHandlersError',
      'ConflictingOptionsError',
      'InvalidOptionError',
      'KafkaTracing',
      'KafkaTracingError',
      'KafkaTracingInterceptor',
      'KafkaTracingModule',
      'TracedClientKafka',
      'TracedEvent',
      'UntraceableKafkaError',
      'kafkaHeadersGetter',
      'kafkaHeadersSetter',
      'traceKafka',
    ]);
  });
});
