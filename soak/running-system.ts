import { KafkaTracing } from 'nestjs-kafka-tracing';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { progress } from '../sample/runner/progress.js';
import type { StopStack } from '../sample/runner/stop-stack.js';
import { clientSettings } from './application/client-settings.js';
import { PlainBatches } from './application/plain-batches.js';
import { connectedClient, startApplication } from './application/soak-application.js';
import { BrokerView } from './measure/broker-view.js';
import { type SpanReceiver, startSpanReceiver } from './receiver/span-receiver.js';
import { type Telemetry, startTelemetry } from './telemetry/telemetry.js';
import type { Ledger } from './workload/ledger.js';
import { Sender } from './workload/sender.js';
import { TOPICS } from './workload/topics.js';

/** Kafka, a receiver of spans, and this process between them: an application that sends to itself. */
export interface RunningSystem {
  readonly sender: Sender;
  readonly view: BrokerView;
  readonly telemetry: Telemetry;
  readonly receiver: SpanReceiver;
}

/** Starts it all, and leaves it to `stops`, also where the rest cannot be started. */
export async function startSystem(ledger: Ledger, stops: StopStack): Promise<RunningSystem> {
  progress('starting Kafka and a receiver of spans');
  const kafka = await EmbeddedKafka.start({ onProgress: progress });
  stops.add('Kafka', () => kafka.stop());
  await kafka.createTopics(...TOPICS);
  const receiver = await startSpanReceiver();
  stops.add('the receiver of spans', () => receiver.stop());
  const telemetry = startTelemetry(receiver.url);
  stops.add('the SDK', () => telemetry.stop());

  const app = await startApplication(kafka.brokers, ledger);
  stops.add('the application', () => app.close());
  const plain = new PlainBatches(clientSettings(kafka.brokers), ledger, app.get(KafkaTracing));
  stops.add('plain kafkajs', () => plain.stop());
  await plain.start();
  const client = await connectedClient(app);
  const view = new BrokerView(kafka.brokers);
  await view.connect();
  stops.add('the view of the broker', () => view.disconnect());
  return { sender: new Sender(client, plain, ledger), view, telemetry, receiver };
}
