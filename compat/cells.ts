/** What an application may be made of, and what the package says that it supports. */
export const VALUES = {
  nest: ['11.1.4', '11', '12'],
  node: ['20', '22', '24'],
  sdk: ['2', '3'],
  modules: ['esm', 'commonjs'],
  runner: ['vitest', 'jest'],
} as const;

export type Factor = keyof typeof VALUES;

/** One kind of application: its Nest, its Node, its OpenTelemetry SDK, its module system, and what runs its tests. */
export type Cell = { readonly [F in Factor]: (typeof VALUES)[F][number] };

/**
 * Pairwise: whatever two values go together at all, some cell has them both; and each major of Nest is loaded in every way that
 * there is (test/compat/cells.spec.ts).
 */
export const CELLS: readonly Cell[] = [
  { nest: '11.1.4', node: '20', sdk: '2', modules: 'commonjs', runner: 'jest' },
  { nest: '11.1.4', node: '22', sdk: '3', modules: 'esm', runner: 'vitest' },
  { nest: '11.1.4', node: '24', sdk: '2', modules: 'commonjs', runner: 'vitest' },
  { nest: '11', node: '20', sdk: '2', modules: 'esm', runner: 'vitest' },
  { nest: '11', node: '22', sdk: '2', modules: 'commonjs', runner: 'jest' },
  { nest: '11', node: '22', sdk: '3', modules: 'esm', runner: 'jest' },
  { nest: '11', node: '24', sdk: '3', modules: 'commonjs', runner: 'jest' },
  { nest: '12', node: '20', sdk: '2', modules: 'esm', runner: 'jest' },
  { nest: '12', node: '22', sdk: '3', modules: 'commonjs', runner: 'vitest' },
  { nest: '12', node: '24', sdk: '3', modules: 'esm', runner: 'vitest' },
  { nest: '12', node: '24', sdk: '2', modules: 'commonjs', runner: 'jest' },
];

/** `nest-12-node-24-sdk-3-esm-vitest` */
export function nameOf({ nest, node, sdk, modules, runner }: Cell): string {
  return `nest-${nest}-node-${node}-sdk-${sdk}-${modules}-${runner}`;
}
