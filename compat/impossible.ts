import type { Cell } from './cells.js';

/** Why there is no such application, by no fault of ours; `undefined` where there may be one. */
export function whyImpossible({ nest, node, sdk, modules, runner }: Cell): string | undefined {
  if (sdk === '3' && node === '20') {
    return 'The OpenTelemetry SDK 3 declares Node >= 22.15.';
  }
  // https://jestjs.io/docs/ecmascript-modules#require-of-esm
  if (runner === 'jest' && nest === '12' && modules === 'commonjs' && node !== '24') {
    return 'Nest 12 is ESM, which CommonJS tests load under Jest from Node 24.9 on, with --experimental-vm-modules.';
  }
  return undefined;
}
