import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CASES } from './end-to-end/cases.js';
import { runInOwnProcess } from './own-process.js';
import { type MessagePlan, perMessage } from './per-message.js';
import { SDKS, type Sdk } from './sdk.js';
import { micros } from './table.js';
import { worksOf } from './work.js';

interface Target {
  readonly sdk: Sdk;
  readonly work: string;
  readonly of: 'toFloor' | 'toAuto';
  readonly most: number;
}

/** How often of the floor's or the auto-instrumentation's cost ours may be; in CI, where it must not flake, twice that. */
const TARGETS: readonly Target[] = [
  { sdk: 'sampled', work: 'send', of: 'toFloor', most: 1.15 },
  { sdk: 'sampled', work: 'handle', of: 'toFloor', most: 1.15 },
  { sdk: 'sampled', work: 'handle', of: 'toAuto', most: 0.7 },
  { sdk: 'unsampled', work: 'send', of: 'toFloor', most: 1 },
  { sdk: 'unsampled', work: 'handle', of: 'toFloor', most: 1 },
  { sdk: 'unsampled', work: 'handle', of: 'toAuto', most: 0.5 },
];

/** The same of batches; in CI they would take long. */
const TARGETS_OF_BATCHES = ['send 100', 'handle 100', 'send 1000', 'handle 1000'].flatMap(
  (work): readonly Target[] => [
    { sdk: 'sampled', work, of: 'toFloor', most: 1.15 },
    { sdk: 'unsampled', work, of: 'toFloor', most: 1 },
  ],
);

/** Microseconds that tracing may add where no SDK is registered; not judged in CI, where no absolute time is. */
const MOST_WITHOUT_SDK = 0.3;

const NAMES = { toFloor: 'the floor', toAuto: 'the auto-instrumentation' } as const;

const ROWS = SDKS.flatMap((sdk) => worksOf(sdk).map(({ name }) => `${sdk}:${name}`));
const TRAVELS = Object.keys(CASES);

const isShort = process.argv.includes('--short');
const only = asked();

const isJudged: MessagePlan['isWanted'] = (sdk, work) =>
  TARGETS.some((one) => one.sdk === sdk && one.work === work);
const isAsked: MessagePlan['isWanted'] = (sdk, work) => only === undefined || only.includes(`${sdk}:${work}`);

const plan: MessagePlan = isShort
  ? { rounds: 25, messages: 1_000, byteRounds: 1, isWanted: isJudged }
  : { rounds: 64, messages: 2_000, byteRounds: 9, isWanted: isAsked };

const installed = new URL('../../node_modules/', import.meta.url);

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(new URL(`${name}/package.json`, installed), 'utf8')) as {
    version: string;
  };
  return `${name} ${version}`;
}

process.stdout.write(
  `${[new Date().toISOString().slice(0, 10), `Node ${process.version}`, `${cpus().length} cores`].join(', ')}; ${[
    'kafkajs',
    '@opentelemetry/sdk-trace-base',
    '@opentelemetry/instrumentation-kafkajs',
    '@nestjs/microservices',
  ]
    .map(versionOf)
    .join(', ')}\n`,
);

const travels = TRAVELS.filter((name) => !isShort && only.includes(name));
if (ROWS.some((name) => only.includes(name))) {
  process.exitCode = await perMessageJudged();
}
if (travels.length > 0) {
  process.exitCode = await runInOwnProcess('end-to-end/run.js', travels);
}

/** @returns the exit code */
async function perMessageJudged(): Promise<number> {
  let missed = await measureAndJudge();
  for (let again = isShort ? 2 : 0; missed.length > 0 && again > 0; again -= 1) {
    process.stdout.write('\nOnce more: something else may have been running.\n');
    missed = await measureAndJudge();
  }
  process.stdout.write(
    missed.length === 0
      ? `\nWhat is judged of these rows is within ${isShort ? 'twice its target' : 'its target'}.\n`
      : `\nOver the limit:\n${missed.map((line) => `- ${line}\n`).join('')}`,
  );
  return isShort && missed.length > 0 ? 1 : 0;
}

/** @returns which rows are over their limit, in words */
async function measureAndJudge(): Promise<readonly string[]> {
  const rows = await perMessage(plan);
  const withoutSdk = rows
    .filter(({ sdk, micros: { ours } }) => !isShort && sdk === 'none' && ours > MOST_WITHOUT_SDK)
    .map(({ work, micros: { ours } }) => `none ${work}: ${micros(ours)} µs, ${MOST_WITHOUT_SDK} at most`);
  const ratios = [...TARGETS, ...(isShort ? [] : TARGETS_OF_BATCHES)].flatMap(({ sdk, work, of, most }) => {
    const limit = isShort ? 2 * most : most;
    return rows
      .filter((row) => row.sdk === sdk && row.work === work && row[of] > limit)
      .map((row) => `${sdk} ${work}: ${row[of].toFixed(2)} × ${NAMES[of]}, ${limit} at most`);
  });
  return [...ratios, ...withoutSdk];
}

/** @returns the names of the rows that are wanted */
function asked(): readonly string[] {
  const all = [...ROWS, ...TRAVELS];
  const given = process.argv.find((word) => word.startsWith('--only='))?.slice('--only='.length);
  if (given === undefined) {
    return all;
  }
  const names = given.split(',').flatMap((name) => (name === 'end-to-end' ? TRAVELS : [name]));
  const unknown = names.filter((name) => !all.includes(name));
  if (isShort) {
    refuse('--short has its own rows: --only does not go with it.');
  } else if (unknown.length > 0) {
    refuse(`There is no row "${unknown.join('", "')}". Rows: end-to-end, ${all.join(', ')}`);
  }
  return names;
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
