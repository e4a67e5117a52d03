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
  const cells = CELLS.filter((cell) => name === undefined || nameOf(cell) === name);
  if (cells.length === 0) throw new Error(`There is no cell \`${name}\`; --list tells which there are.`);
  return cells;
}

async function testAll(cells: readonly Cell[]): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interruption.abort(signal));
  }
  try {
    await withKafka((brokers) => testOn(brokers, cells, interruption.signal));
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.exitCode = 1;
    say(`Ended by ${String(interruption.signal.reason)}.`);
  }
}

/** One broker for all cells, or the one that `KAFKA_BROKERS` names. */
async function withKafka(work: (brokers: readonly string[]) => Promise<void>): Promise<void> {
  const kafka = await EmbeddedKafka.startOrUse({
    onProgress: (message) => void process.stderr.write(`${message}\n`),
  });
  try {
    await work(kafka.brokers);
  } finally {
    await kafka.stop();
  }
}

/** One after the other: each of them installs, compiles and tests, and so keeps a small machine busy by itself. */
async function testOn(
  brokers: readonly string[],
  cells: readonly Cell[],
  signal: AbortSignal,
): Promise<void> {
  const workshop = await Workshop.open(signal);
  try {
    const results: Result[] = [];
    for (const cell of cells) {
      results.push(await resultOf(cell, () => workshop.test(cell, brokers)));
    }
    say(`\n${tableOf(results, workshop.tarballName, new Date())}`);
    process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
  } finally {
    await workshop.close();
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
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`${failure ? '✗' : '✓'} ${nameOf(cell).padEnd(44)} ${seconds.padStart(6)} s`);
  if (failure) say(`${failure.message}\n${failure.output}`);
  return { cell, hasPassed: failure === undefined };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
