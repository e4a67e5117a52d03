import type { ClientKafka, KafkaContext } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { type CommittedOffsets, committedOffsetsOf } from './committed-offsets.js';
import { handlerOf } from './events.js';
import { type HandledOrder, handledOrder } from './handled-order.js';
import { clientConfig, freshName, plainKafka } from './kafka.js';
import { clientOf, startMicroservice } from './nest-app.js';
import { type Refusal, refusalOf } from './refusal.js';
import { until } from './until.js';

/** What becomes of one message. */
export interface StrangeOutcome {
  /** By Nest or kafkajs, to whoever sends it. */
  readonly refusal: Refusal | undefined;
  /** The message, and one behind it that shows that the handler goes on. */
  readonly handled: readonly HandledOrder[];
  /** All headers of the first one, those of propagation too, where a stranger has sent it. */
  readonly headers: unknown;
  readonly committed: CommittedOffsets;
}

/** Who sends it. */
export type Sender = 'the application' | 'a stranger';

/** An application with or without the module handles a message that may be anything. */
export async function strangeOutcome(
  sender: Sender,
  message: () => unknown,
  tracing: object | false,
): Promise<StrangeOutcome> {
  const topic = await roomyTopic();
  const handled: HandledOrder[] = [];
  const headers: unknown[] = [];
  const handle = (_data: unknown, kafka: KafkaContext): void => {
    handled.push(handledOrder(kafka));
    headers.push(kafka.getMessage().headers);
  };
  const groupId = freshName('strange');
  const app = await startMicroservice({
    tracing,
    controllers: [handlerOf(topic, handle)],
    server: { client: clientConfig('strange'), consumer: { groupId, maxWaitTimeInMs: 20 } },
  });
  const client = await clientOf(app);
  const refusal = await refusalOf(() =>
    sender === 'the application' ? sendBy(client, topic, message()) : sendPlainly(topic, message()),
  );
  await sendBy(client, topic, { key: 'behind', value: 'it' });
  await until('it was handled', () => handled.some(({ key }) => key === 'behind'));
  await app.close();
  const committed = await committedOffsetsOf(`${groupId}-server`, { topic });
  return { refusal, handled, headers: sender === 'a stranger' ? headers[0] : undefined, committed };
}

async function sendBy(client: ClientKafka, topic: string, message: unknown): Promise<void> {
  await firstValueFrom(client.emit(topic, message), { defaultValue: undefined });
}

async function sendPlainly(topic: string, message: unknown): Promise<void> {
  const producer = plainKafka().producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [message as never] });
  } finally {
    await producer.disconnect();
  }
}

/** By default a broker refuses more than a megabyte. */
async function roomyTopic(): Promise<string> {
  const topic = freshName('strange');
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'max.message.bytes', value: String(16 * 1_048_576) }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false });
    await until(`there is a leader of ${topic}`, async () =>
      admin.fetchTopicOffsets(topic).then(
        () => true,
        () => false,
      ),
    );
  } finally {
    await admin.disconnect();
  }
  return topic;
}
