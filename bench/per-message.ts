import { runInOwnProcess } from './own-process.js';
import { SDKS, type Sdk } from './sdk.js';
import type { SideName } from './sides.js';
import { Table, added, micros, times } from './table.js';
import { worksOf } from './work.js';

/** What is done of one SDK, all in one process. */
export interface RowsOfSdk {
  readonly sdk: Sdk;
  /** The names of the pieces of work. */
  readonly works: readonly string[];
  readonly rounds: number;
  /** Messages in a row of one side. */
  readonly messages: number;
  /** Rounds of bytes. */
  readonly byteRounds: number;
}

type Added = Readonly<Record<Exclude<SideName, 'untraced'>, number>>;

/** What a piece of work costs more than without tracing, of one message, with an SDK. */
export interface Row {
  readonly sdk: Sdk;
  readonly work: string;
  /** Microseconds of one message that is not traced. */
  readonly untraced: number;
  /** What is added to one message. */
  readonly micros: Added;
  readonly bytes: Added;
  /** Ours by the floor's, and by the auto-instrumentation's: the median of the ratios of all rounds. */
  readonly toFloor: number;
  readonly toAuto: number;
}

export interface MessagePlan extends Omit<RowsOfSdk, 'sdk' | 'works'> {
  readonly isWanted: (sdk: Sdk, work: string) => boolean;
}

const HEADINGS = [
  'SDK',
  'work',
  'untraced',
  'floor',
  'ours',
  'auto',
  'ours/floor',
  'ours/auto',
  'bytes floor',
  'ours',
  'auto',
];

/**
 * Measures and prints what tracing adds to a message: without Kafka, on kafkajs's own objects. Each SDK has a process of its
 * own, as it has in an application: V8 would remember the objects of those before it, and be slower for all sides.
 *
 * @throws Error where not all could be measured
 */
export async function perMessage({ isWanted, ...plan }: MessagePlan): Promise<readonly Row[]> {
  const title = 'What tracing adds to a message, in microseconds and bytes';
  const table = new Table(title, HEADINGS, { SDK: 'unsampled'.length, work: 'handle in 2000 topics'.length });
  const rows: Row[] = [];
  for (const sdk of SDKS) {
    const works = worksOf(sdk)
      .map(({ name }) => name)
      .filter((work) => isWanted(sdk, work));
    if (works.length === 0) {
      continue;
    }
    const asked: RowsOfSdk = { sdk, works, ...plan };
    const code = await runInOwnProcess('rows-of-sdk.js', [JSON.stringify(asked)], (told) => {
      const row = told as Row;
      rows.push(row);
      print(row, table);
    });
    if (code !== 0) {
      throw new Error(`The rows of the SDK "${sdk}" could not be measured: exit code ${code}.`);
    }
  }
  return rows;
}

function print(row: Row, table: Table): void {
  const sides = ['floor', 'ours', 'auto'] as const;
  table.row([
    row.sdk,
    row.work,
    micros(row.untraced),
    ...sides.map((side) => added(row.micros[side])),
    times(row.toFloor),
    times(row.toAuto),
    ...sides.map((side) => added(row.bytes[side], 0)),
  ]);
}
