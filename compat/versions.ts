import type { Cell } from './cells.js';

type Versions = Readonly<Record<string, string>>;

/** Exact, so that a cell is the same application each time, and no npm takes an older version that fits its own Node better. */
const NEST: Readonly<Record<Cell['nest'], Versions>> = {
  '11.1.4': nest('11.1.4', '11.1.4'),
  '11': nest('11.2.10', '11.2.6'),
  '12': nest('12.5.1', '12.1.1'),
};

const NODE: Readonly<Record<Cell['node'], { readonly node: string; readonly types: string }>> = {
  '20': { node: '20.20.2', types: '20.19.8' },
  '22': { node: '22.23.3', types: '22.20.5' },
  '24': { node: '24.21.0', types: '24.19.2' },
};

const SDK: Readonly<Record<Cell['sdk'], Versions>> = {
  '2': {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/context-async-hooks': '2.12.0',
    '@opentelemetry/core': '2.12.0',
    '@opentelemetry/sdk-trace-base': '2.12.0',
  },
  // Has no `sdk-trace-base` any more.
  '3': {
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/context-async-hooks': '3.1.1',
    '@opentelemetry/core': '3.1.1',
    '@opentelemetry/sdk-trace': '3.1.1',
  },
};

const RUNNER = {
  jest: { jest: '30.5.2', '@types/jest': '30.0.0' },
  'vitest-4': { vitest: '4.1.12', vite: '8.3.8' },
  'vitest-5': { vitest: '5.1.1', vite: '8.3.8' },
} as const satisfies Readonly<Record<string, Versions>>;

const ALWAYS: Versions = {
  kafkajs: '2.2.4',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  typescript: '6.0.3',
};

/** Of Node itself, as the npm package `node` has it. */
export function nodeVersionOf({ node }: Cell): string {
  return NODE[node].node;
}

/** Vitest 5 declares Node >= 22.12. */
export function runnerOf({ runner, node }: Cell): keyof typeof RUNNER {
  if (runner === 'jest') return 'jest';
  return node === '20' ? 'vitest-4' : 'vitest-5';
}

/** What the application installs beside the package that it is about. */
export function dependenciesOf(cell: Cell): Versions {
  const types = { '@types/node': NODE[cell.node].types };
  return { ...NEST[cell.nest], ...SDK[cell.sdk], ...RUNNER[runnerOf(cell)], ...types, ...ALWAYS };
}

function nest(version: string, microservices: string): Versions {
  return { '@nestjs/common': version, '@nestjs/core': version, '@nestjs/microservices': microservices };
}
