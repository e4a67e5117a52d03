import { progress } from '../sample/runner/progress.js';
import type { StopStack } from '../sample/runner/stop-stack.js';
import type { Arguments } from './arguments.js';
import type { Findings } from './findings.js';
import { type Checkpoint, CheckpointLog, takeCheckpoint } from './measure/checkpoint.js';
import { type RunningSystem, startSystem } from './running-system.js';
import { BLOCK } from './workload/fates.js';
import { Ledger } from './workload/ledger.js';
import { whenStalled } from './workload/stall.js';
import { TOPICS } from './workload/topics.js';

// kafkajs, on Node 24 and later: https://github.com/tulios/kafkajs/issues/1751
const OF_KAFKAJS = 'TimeoutNegativeWarning';

/** Sends and handles so many messages; what it starts it leaves to `stops`. */
export async function runSoak(args: Arguments, stops: StopStack): Promise<Findings> {
  const warnings: string[] = [];
  process.on('warning', ({ name, message }) => {
    if (name !== OF_KAFKAJS) warnings.push(`${name}: ${message}`);
  });
  const ledger = new Ledger(args.messages);
  const system = await startSystem(ledger, stops);
  const checkpoints = new CheckpointLog();
  const begin = performance.now();
  // Once for all: each race leaves something behind in what is never settled.
  const stall = await Promise.race([
    sendAll(args, ledger, system, checkpoints),
    system.sender.failed,
    system.receiver.failed,
    whenStalled(ledger),
  ]);
  const seconds = (performance.now() - begin) / 1000;
  if (stall !== undefined) {
    warnings.push(stall);
    await checkpointAt(ledger.sent, system, checkpoints);
  }
  return { ...(await found(ledger, system, warnings)), checkpoints: checkpoints.all(), seconds };
}

async function sendAll(
  { messages, checkpoints }: Arguments,
  ledger: Ledger,
  system: RunningSystem,
  log: CheckpointLog,
): Promise<undefined> {
  const step = Math.ceil(messages / checkpoints / BLOCK) * BLOCK;
  for (let first = 0; first < messages; first += step) {
    const end = Math.min(first + step, messages);
    await system.sender.send(first, end);
    await system.view.whenQuiet(() => ledger.counts.requestDeliveries - ledger.counts.retriedRequests);
    await checkpointAt(end, system, log);
  }
}

async function checkpointAt(
  messages: number,
  { telemetry }: RunningSystem,
  log: CheckpointLog,
): Promise<void> {
  await telemetry.flush();
  const { started, ended } = telemetry.seen;
  const checkpoint = await takeCheckpoint(messages, started - ended);
  log.add(checkpoint);
  progress(lineOf(checkpoint));
}

async function found(
  ledger: Ledger,
  { view, telemetry, receiver }: RunningSystem,
  warnings: readonly string[],
): Promise<Omit<Findings, 'checkpoints' | 'seconds'>> {
  const written = TOPICS.map(async ({ topic }) => [topic, await view.written(topic)] as const);
  return {
    messages: ledger.sent,
    settled: ledger.settled,
    settledTwice: ledger.settledTwice,
    counts: ledger.counts,
    written: Object.fromEntries(await Promise.all(written)),
    startedSpans: telemetry.seen.started,
    endedSpans: telemetry.seen.endedByKey,
    receivedSpans: await receiver.counts(),
    processedSpans: await telemetry.metrics.processedSpans(),
    complaints: [...telemetry.reports, ...warnings],
  };
}

function lineOf({ messages, heapBytes, live, openSpans }: Checkpoint): string {
  const { user, system } = process.cpuUsage();
  return [
    `${messages} messages in ${process.uptime().toFixed(0)} s (${((user + system) / 1_000_000).toFixed(0)} s of CPU)`,
    `heap ${(heapBytes / 1024 / 1024).toFixed(2)} MB`,
    `${live.listeners} listeners`,
    `${live.entries} entries`,
    `${openSpans} open spans`,
  ].join(', ');
}
