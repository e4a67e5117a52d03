import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

describe('the structure', () => {
  it('has imports that point inward only, and no cycles', async () => {
    const { stdout } = await promisify(execFile)('npx', [
      'depcruise',
      '--config',
      'test/package/rings.cjs',
      'lib',
      'sample',
    ]);
    expect(stdout).toContain('no dependency violations found');
  });

  it('starts spans in one file', async () => {
    const files = (await readdir('lib', { recursive: true })).filter((file) => file.endsWith('.ts'));
    const starting: string[] = [];
    for (const file of files) {
      if (/\bstart(Active)?Span\b/.test(await readFile(`lib/${file}`, 'utf8'))) {
        starting.push(file);
      }
    }
    expect(starting).toEqual(['tracing/span-starter.ts']);
  });
});
