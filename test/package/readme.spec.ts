import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/resolve-options.js';

// Below the package's root, so that the snippets import the built package by its name, with its published declarations.
const FOLDER = 'dist/readme';
const readme = await readFile('README.md', 'utf8');
const manifest = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly scripts: Record<string, string>;
};

describe('README.md', () => {
  beforeAll(() => mkdir(FOLDER, { recursive: true }));
  afterAll(() => rm(FOLDER, { recursive: true }));

  it('has snippets that compile under strict', async () => {
    const snippets = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? '');
    expect(snippets.length).toBeGreaterThan(5);
    await Promise.all(snippets.map((code, index) => writeFile(join(FOLDER, `snippet-${index}.ts`), code)));
    const tsconfig = {
      extends: '../../tsconfig.json',
      compilerOptions: { rootDir: '../..', paths: {}, noUnusedLocals: false, noUnusedParameters: false },
      include: ['.'],
    };
    await writeFile(join(FOLDER, 'tsconfig.json'), JSON.stringify(tsconfig));
    const compiled = promisify(execFile)('npx', ['tsc', '--project', FOLDER]);
    expect(
      await compiled.then(
        () => '',
        (error: { readonly stdout: string }) => error.stdout,
      ),
    ).toBe('');
  });

  it('names scripts that exist', () => {
    const named = [...readme.matchAll(/npm run (?:--silent )?(\w[\w:-]+)/g)].map(
      ([, script]) => script ?? '',
    );
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });

  it('has a row for every option', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)`/gm)].map(([, option]) => option);
    expect(rows).toEqual(expect.arrayContaining(Object.keys(resolveOptions())));
  });
});
