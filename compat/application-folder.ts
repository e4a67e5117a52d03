import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell } from './cells.js';
import { dependenciesOf, nodeVersionOf, runnerOf } from './versions.js';

const SOURCES = 'compat/application';

/** Writes the application of a cell into a new folder: the same sources for all, and manifests of its own. */
export async function writeApplication(folder: string, cell: Cell, tarball: string): Promise<void> {
  await cp(SOURCES, folder, { recursive: true });
  const files = {
    'package.json': manifestOf(cell, tarball),
    'tsconfig.json': tsconfigOf(cell),
    'claims.json': claimsOf(cell),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), JSON.stringify(content, undefined, 2));
  }
}

function manifestOf(cell: Cell, tarball: string): object {
  return {
    name: 'application',
    private: true,
    type: cell.modules === 'esm' ? 'module' : 'commonjs',
    scripts: { build: 'tsc', test: testCommandOf(cell) },
    dependencies: { 'nestjs-kafka-tracing': `file:${tarball}`, ...dependenciesOf(cell) },
  };
}

function testCommandOf({ runner, nest, modules }: Cell): string {
  if (runner === 'vitest') return 'vitest run';
  // Jest loads ES modules with this flag only, and Nest 12 is some.
  return nest === '12' || modules === 'esm' ? 'NODE_OPTIONS=--experimental-vm-modules jest' : 'jest';
}

/** `nodenext` writes `import` or `require`, as the `type` of package.json says. */
function tsconfigOf(cell: Cell): object {
  const runner = runnerOf(cell);
  return {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      types: ['node', runner === 'jest' ? 'jest' : 'vitest/globals'],
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      skipLibCheck: true,
      rootDir: '.',
      outDir: 'build',
    },
    // Each runner, and each Vitest, wants matchers declared in a way of its own.
    include: ['source', `matchers/${runner}.ts`],
  };
}

/** What `source/claims.ts` reads. */
function claimsOf(cell: Cell): object {
  const versions = dependenciesOf(cell);
  return {
    node: nodeVersionOf(cell),
    modules: cell.modules,
    runner: cell.runner,
    versions,
    sdk: versions['@opentelemetry/core'],
  };
}
