import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CELLS, nameOf } from '../../compat/cells.js';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly needs?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, string>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: object;
  readonly concurrency: { readonly group: string };
  readonly jobs: { readonly checks: Job; readonly cells: Job; readonly compat: Job };
}

const execute = promisify(execFile);
const { permissions, concurrency, jobs } = parse(
  await readFile('.github/workflows/ci.yml', 'utf8'),
) as Workflow;
const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

function commandsOf({ steps }: Job): readonly string[] {
  return steps.flatMap(({ run }) => (run === undefined ? [] : run.trim().split('\n')));
}

describe('.github/workflows/ci.yml', () => {
  const commands = Object.values(jobs).flatMap(commandsOf);

  it('may read the repository, and nothing else', () => {
    expect(permissions).toEqual({ contents: 'read' });
  });

  it('gives up what a newer push has overtaken', () => {
    expect(concurrency).toEqual({
      group: '${{ github.workflow }}-${{ github.ref }}',
      'cancel-in-progress': true,
    });
  });

  it('takes no action at whatever version it has', () => {
    const actions = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([]);
    for (const { steps } of [jobs.checks, jobs.compat]) {
      const names = steps.flatMap(({ uses }) => uses?.split('@')[0] ?? []);
      expect(names).toEqual(expect.arrayContaining(['actions/setup-node', 'actions/setup-java']));
    }
  });

  it('runs scripts that exist', () => {
    const named = commands.flatMap((command) => [...command.matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);
    expect(named.map(([, script]) => script)).toEqual(['test:compat', 'test:compat']);
    expect(Object.keys(scripts)).toContain('test:compat');
    expect(commandsOf(jobs.checks)).toEqual([expect.stringMatching(/ \.ci\/run$/)]);
    expect(() => accessSync('.ci/run', constants.X_OK)).not.toThrow();
  });

  it('has one job for each cell that the script lists', () => {
    const [output] = Object.entries(jobs.cells.outputs ?? {}).map(([name, value]) => ({ name, value }));
    const list = jobs.cells.steps.find(
      ({ id }) => output?.value === `\${{ steps.${id}.outputs.${output?.name} }}`,
    );
    expect(list?.run).toContain('npm run --silent test:compat -- --list');
    expect(list?.run).toContain(`echo "${output?.name}=`);
    expect(jobs.compat.needs).toBe('cells');
    expect(jobs.compat.strategy?.matrix).toEqual({
      cell: `\${{ fromJSON(needs.cells.outputs.${output?.name}) }}`,
    });
    expect(commandsOf(jobs.compat)).toContain('npm run test:compat -- --cell=${{ matrix.cell }}');
  });
});

// Of the built package: `npm test` builds first.
describe('npm run test:compat', () => {
  const program = 'dist/compat/run.js';
  beforeAll(() => execute('node_modules/.bin/tsc', ['-p', 'compat']), 120_000);

  it('is what is compiled here', () => {
    expect(scripts['test:compat']).toBe(`tsc -p compat && node ${program}`);
  });

  it('lists the cells as JSON, and nothing else', async () => {
    const { stdout } = await execute(process.execPath, [program, '--list']);
    expect(JSON.parse(stdout)).toEqual(CELLS.map(nameOf));
    expect(stdout.trim()).not.toContain('\n');
  });

  it('refuses a cell that there is none of, and an option', async () => {
    await expect(execute(process.execPath, [program, '--cell=nest-13'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no cell `nest-13`; --list tells which there are.'),
    });
    await expect(execute(process.execPath, [program, '--cells'])).rejects.toMatchObject({ code: 1 });
  });
});
