import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import type { StopStack } from '../sample/runner/stop-stack.js';
import { PlainBatches } from './application/plain-batches.js';
import { clientSettings } from './application/client-settings.js';
import { connectedClient, startApplication } from './application/soak-application.js';
import type { Arguments } from './arguments.js';
import { BrokerView } from './measure/broker-view.js';
import type { Findings } from './findings.js';
import { type Checkpoint, CheckpointLog, takeCheckpoint } from './measure/checkpoint.js';
import { startSpanReceiver } from './receiver/span-receiver.js';
import { progress } from '../sample/runner/progress.js';
import { startTelemetry } from './telemetry/telemetry.js';
import { BLOCK } from './workload/fates.js';
import { Ledger } from './workload/ledger.js';
import { Sender } from './workload/sender.js';
import { TOPICS } from './workload/topics.js';

/** Sends and handles so many messages; what it starts it leaves to `stops`. */
export async function runSoak(args: Arguments, stops: StopStack): Promise<Findings> {
  const warnings: string[] = [];
  process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));
  progress('starting Kafka and a receiver of spans');
  const kafka = await EmbeddedKafka.start({ onProgress: progress });
  stops.add('Kafka', () => kafka.stop());
  await kafka.createTopics(...TOPICS);
  const receiver = await startSpanReceiver();
  stops.add('the receiver of spans', () => receiver.stop());
  const telemetry = startTelemetry(receiver.url);
  stops.add('the SDK', () => telemetry.stop());

  const ledger = new Ledger(args.messages);
  const app = await startApplication(kafka.brokers, ledger);
  stops.add('the application', () => app.close());
  const plain = new PlainBatches(clientSettings(kafka.brokers), ledger, app.get(KafkaTracing));
  await plain.start();
  stops.add('plain kafkajs', () => plain.stop());
  const client = await connectedClient(app);
  const view = new BrokerView(kafka.brokers);
  await view.connect();
  stops.add('the view of the broker', () => view.disconnect());

  const sender = new Sender(client, plain, ledger);
  const { seen } = telemetry;
  const checkpoints = new CheckpointLog();
  const begin = performance.now();
  const step = Math.ceil(args.messages / args.checkpoints / BLOCK) * BLOCK;
  for (let first = 0; first < args.messages; first += step) {
    const end = Math.min(first + step, args.messages);
    await sender.send(first, end);
    await view.whenQuiet(() => ledger.counts.requestDeliveries - ledger.counts.retriedRequests);
    await telemetry.flush();
    const checkpoint = await takeCheckpoint(end, seen.started - seen.ended);
    checkpoints.add(checkpoint);
    progress(lineOf(checkpoint, performance.now() - begin));
  }
  const seconds = (performance.now() - begin) / 1000;
  await telemetry.flush();
  const written = TOPICS.map(async ({ topic }) => [topic, await view.written(topic)] as const);
  return {
    messages: args.messages,
    settled: ledger.settled,
    settledTwice: ledger.settledTwice,
    counts: ledger.counts,
    written: Object.fromEntries(await Promise.all(written)),
    startedSpans: seen.started,
    endedSpans: seen.endedByKey,
    receivedSpans: await receiver.counts(),
    processedSpans: await telemetry.metrics.processedSpans(),
    complaints: [...telemetry.reports, ...warnings],
    checkpoints: checkpoints.all(),
    seconds,
  };
}

function lineOf(checkpoint: Checkpoint, milliseconds: number): string {
  const { messages, heapBytes, live, openSpans } = checkpoint;
  const { user, system } = process.cpuUsage();
  const cpu = user + system;
  return [
    `${messages} messages in ${(milliseconds / 1000).toFixed(0)} s (${(cpu / 1_000_000).toFixed(0)} s of CPU)`,
    `heap ${(heapBytes / 1024 / 1024).toFixed(2)} MB`,
    `${live.listeners} listeners`,
    `${live.entries} entries`,
    `${openSpans} open spans`,
  ].join(', ');
}
