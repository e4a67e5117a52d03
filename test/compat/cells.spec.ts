import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CELLS, type Cell, type Factor, VALUES, nameOf } from '../../compat/cells.js';
import { whyImpossible } from '../../compat/impossible.js';
import { dependenciesOf, nodeVersionOf } from '../../compat/versions.js';

const FACTORS = Object.keys(VALUES) as Factor[];
const conceivable = FACTORS.reduce<readonly Partial<Cell>[]>(
  (cells, factor) => cells.flatMap((cell) => VALUES[factor].map((value) => ({ ...cell, [factor]: value }))),
  [{}],
) as readonly Cell[];
const possible = conceivable.filter((cell) => whyImpossible(cell) === undefined);

/** Each two values of a cell: `nest 12, node 24`. */
function pairsOf(cell: Cell): string[] {
  return FACTORS.flatMap((one, index) =>
    FACTORS.slice(index + 1).map((other) => `${one} ${cell[one]}, ${other} ${cell[other]}`),
  );
}

/** How a major of Nest is loaded: `11 commonjs jest`. */
function wayOf({ nest, modules, runner }: Cell): string {
  return `${nest.split('.')[0]} ${modules} ${runner}`;
}

describe('the cells', () => {
  it('have every two values that go together in one of them', () => {
    const covered = new Set(CELLS.flatMap(pairsOf));
    const wanted = new Set(possible.flatMap(pairsOf));
    expect(conceivable).toHaveLength(3 * 3 * 2 * 2 * 2);
    expect([...wanted].filter((pair) => !covered.has(pair))).toEqual([]);
  });

  it('load each Nest in every way that there is: by import and by require, under each runner', () => {
    expect(new Set(CELLS.map(wayOf))).toEqual(new Set(possible.map(wayOf)));
  });

  it('leave out just these pairs, which no application can have', () => {
    const wanted = new Set(possible.flatMap(pairsOf));
    const left = new Set(conceivable.flatMap(pairsOf).filter((pair) => !wanted.has(pair)));
    expect([...left]).toEqual(['node 20, sdk 3']);
  });

  it('are possible, all of them', () => {
    expect(CELLS.map(whyImpossible).filter((why) => why !== undefined)).toEqual([]);
  });

  it('have CommonJS tests of Nest 12 under Jest on Node 24 only', () => {
    const nodes = possible.filter((cell) => wayOf(cell) === '12 commonjs jest').map(({ node }) => node);
    expect(new Set(nodes)).toEqual(new Set(['24']));
  });

  it('have names of their own', () => {
    expect(new Set(CELLS.map(nameOf)).size).toBe(CELLS.length);
  });

  it('begin with the oldest Nest and Node that the package supports', async () => {
    const { engines, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
      readonly engines: { readonly node: string };
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    expect(peerDependencies['@nestjs/core']?.split(' || ')[0]).toBe(`^${VALUES.nest[0]}`);
    expect(engines.node.match(/(?<=[\^=])\d+/g)).toEqual(VALUES.node);
  });
});

describe.each(CELLS.map((cell) => [nameOf(cell), cell] as const))('%s', (_name, cell) => {
  const versions = dependenciesOf(cell);

  it('names exact versions', () => {
    const loose = Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it('has the versions that it is named after', () => {
    expect(nodeVersionOf(cell)).toMatch(new RegExp(`^${cell.node}\\.`));
    expect(`${versions['@nestjs/core']}.`).toMatch(new RegExp(`^${cell.nest.replaceAll('.', '\\.')}\\.`));
    expect(versions['@opentelemetry/core']).toMatch(new RegExp(`^${cell.sdk}\\.`));
    expect(versions[cell.runner]).toMatch(runnerVersion(cell));
  });
});

function runnerVersion({ runner, node }: Cell): RegExp {
  if (runner === 'jest') return /^30\./;
  return node === '20' ? /^4\./ : /^5\./;
}
