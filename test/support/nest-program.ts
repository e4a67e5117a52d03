import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

/** How a program is run: on which Nest, and how it loads what it uses. */
export interface ProgramSetup {
  /** 11 is the workspace `test/nest-11`. */
  readonly nest: 11 | 12;
  readonly loads: 'import' | 'require';
  /** Whether `require` gives CommonJS files only, as in a Node or a bundler that cannot require ES modules. */
  readonly commonJsOnly?: boolean;
}

const run = promisify(execFile);

/**
 * Runs a program of `test/support/programs` as an application would run it: compiled, in a process of its own, with the
 * built package installed beside it. `npm test` builds first.
 *
 * @param given is handed to it as JSON
 * @returns what it wrote, as JSON
 */
export async function runProgram<T>(name: string, setup: ProgramSetup, given: object): Promise<T> {
  const modules = setup.nest === 11 ? 'test/nest-11/node_modules' : 'node_modules';
  await mkdir(join(modules, '.programs'), { recursive: true });
  const folder = await mkdtemp(join(modules, '.programs', `${name}-`));
  try {
    await installPackage(join(folder, 'node_modules/nestjs-kafka-tracing'));
    const file = join(folder, setup.loads === 'import' ? 'program.mjs' : 'program.cjs');
    await writeFile(file, await compiled(`test/support/programs/${name}.ts`, setup.loads));
    const flags = setup.commonJsOnly === true ? ['--no-experimental-require-module'] : [];
    const args = ['--no-warnings', ...flags, resolve(file), JSON.stringify(given)];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    return JSON.parse(stdout) as T;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy: a link would be followed, and its dependencies looked for where it leads. */
async function installPackage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const part of ['package.json', 'dist/cjs', 'dist/esm']) {
    await cp(part, join(folder, part), { recursive: true });
  }
}

async function compiled(file: string, loads: ProgramSetup['loads']): Promise<string> {
  const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), {
    compilerOptions: {
      module: loads === 'import' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      esModuleInterop: true,
    },
  });
  return outputText;
}
