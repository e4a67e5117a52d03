import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from '../../../support/until.js';

const RUN = fileURLToPath(new URL('../../../../dist/sample/run.js', import.meta.url));
/** With a Kafka and two services, on a machine that may be busy with other tests. */
const START_MS = 120_000;

export interface ServedSample {
  /** Of the page. */
  readonly url: string;
  stop(): Promise<void>;
}

/** `npm run sample -- --serve`, with a Kafka and services of its own. */
export async function serveSample(args: readonly string[] = []): Promise<ServedSample> {
  if (!existsSync(RUN)) throw new Error('There is no dist/sample/run.js: run `npm run build` first');
  // A Kafka of its own: these tests stop it.
  const { KAFKA_BROKERS: _, ...env } = process.env;
  const child = spawn(process.execPath, [RUN, '--serve', '--port', '0', ...args], { env });
  const ended = once(child, 'exit');
  const output = outputOf(child);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await Promise.race([
      until('the sample serves its page', () => pageIn(output()) !== undefined, START_MS),
      ended.then(() => Promise.reject(new Error('The sample has ended'))),
    ]);
    return { url: pageIn(output())!, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${output()}`, { cause: error });
  }
}

function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  return () => output;
}

function pageIn(output: string): string | undefined {
  return /The page:\s+(http:\/\/\S+)/.exec(output)?.[1];
}
