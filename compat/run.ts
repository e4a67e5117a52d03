import { parseArgs } from 'node:util';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { CELLS, type Cell, nameOf } from './cells.js';
import { FailedProgramError } from './programs.js';
import { type Result, tableOf } from './table.js';
import { Workshop } from './workshop.js';

const { values } = parseArgs({ options: { cell: { type: 'string' }, list: { type: 'boolean' } } });

if (values.list) {
  say(JSON.stringify(CELLS.map(nameOf)));
} else {
  await testAll(chosen(values.cell));
}

function chosen(name: string | undefined): readonly Cell[] {
  if (name === undefined) return CELLS;
  const cells = CELLS.filter((cell) => nameOf(cell) === name);
  if (cells.length === 0) throw new Error(`There is no cell \`${name}\`; --list tells which there are.`);
  return cells;
}

/** One after the other: each of them installs, compiles and tests, and so keeps a machine busy by itself. */
async function testAll(cells: readonly Cell[]): Promise<void> {
  const interrupted = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  signals.forEach((signal) => process.once(signal, () => interrupted.abort(new Error(`Got ${signal}.`))));
  const onProgress = (message: string): void => void process.stderr.write(`${message}\n`);
  const kafka = await EmbeddedKafka.startOrUse({ onProgress });
  try {
    const workshop = await Workshop.open(interrupted.signal);
    try {
      const results: Result[] = [];
      for (const cell of cells) {
        results.push(await resultOf(cell, () => workshop.test(cell, kafka.brokers)));
      }
      say(`\n${tableOf(results, workshop.tarballName, new Date())}`);
      process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
    } finally {
      await workshop.close();
    }
  } finally {
    await kafka.stop();
  }
}

async function resultOf(cell: Cell, test: () => Promise<void>): Promise<Result> {
  const started = performance.now();
  const failure = await test().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof FailedProgramError) return error;
      throw error;
    },
  );
  const seconds = (performance.now() - started) / 1000;
  say(`${failure ? '✗' : '✓'} ${nameOf(cell).padEnd(44)} ${seconds.toFixed(1).padStart(6)} s`);
  if (failure) say(`${failure.message} ${failure.output}`);
  return { cell, hasPassed: failure === undefined, seconds };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
