import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const MEANT = [
  /^dist\/(esm|cjs)\/[\w./-]+\.(js|js\.map|d\.ts)$/,
  /^dist\/cjs\/package\.json$/,
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
];

let packed: Packed;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    maxBuffer: 16 * 1024 * 1024,
  });
  [packed] = JSON.parse(stdout) as [Packed];
});

// Of the built package: `npm test` builds first.
describe('the tarball', () => {
  it('holds what is meant to be there, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !MEANT.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths).toContain('dist/esm/index.js');
    expect(paths).toContain('dist/cjs/testing/index.d.ts');
    expect(paths.filter((path) => /\.(spec|test|tst)\./.test(path))).toEqual([]);
  });

  it('is as large as the README says', async () => {
    const readme = await readFile('README.md', 'utf8');
    const [, kilobytes, megabytes] = /(\d+) kB packed, (\d\.\d) MB unpacked/.exec(readme) ?? [];
    const sizes = [
      packed.size / 1_000 / Number(kilobytes),
      packed.unpackedSize / 1_000_000 / Number(megabytes),
    ];
    expect(sizes.map((ratio) => Math.abs(ratio - 1) < 0.05)).toEqual([true, true]);
  });
});
