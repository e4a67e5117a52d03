import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const dockerfile = readFileSync('sample/Dockerfile', 'utf8').replaceAll(/\\\n\s*/g, '');
const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
const last = stages.at(-1) ?? '';
const passed = readFileSync('sample/Dockerfile.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));
const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly workspaces: readonly string[];
};

describe('sample/Dockerfile', () => {
  it('copies only what exists, and what its .dockerignore lets through', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files]) => files?.split(' ') ?? [],
    );
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !existsSync(source))).toEqual([]);
    const held = sources.filter(
      (source) => !passed.some((path) => source === path || source.startsWith(`${path}/`)),
    );
    expect(held).toEqual([]);
  });

  it('has the manifest of each workspace, without which npm refuses the lock file', () => {
    for (const workspace of workspaces) expect(dockerfile).toContain(`${workspace}/package.json`);
  });

  it('has no dependencies in its last stage but those of production', () => {
    expect(last).not.toMatch(/npm (ci|install)/);
    expect(last).toContain('COPY --from=dependencies');
    expect(stages.find((stage) => stage.includes(' AS dependencies'))).toContain('npm ci --omit=dev');
  });

  it('runs node itself, as a user that is known by number not to be root', () => {
    expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    const [, command = '[]'] = /^ENTRYPOINT (.+)$/m.exec(last) ?? [];
    const [program, ...words] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    const [, target, link] = /\bln -s "(\S+)" (\S+)/.exec(last) ?? [];
    expect(words.at(-1)).toBe(link);
    expect(target).toBe('sample/${SERVICE}/main.js');
  });
});
