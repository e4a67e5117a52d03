import type { EachBatchPayload, EachMessagePayload, IHeaders, KafkaMessage, ProducerRecord } from 'kafkajs';

export const TOPIC = 'orders';

const VALUE = Buffer.from(JSON.stringify({ id: 'order-1', customerId: 'customer-1', amount: 42 }));
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** What an application sends: with a key, and two headers of its own. */
export function recordOf(messages: number, topic = TOPIC, more: Readonly<IHeaders> = {}): ProducerRecord {
  return {
    topic,
    messages: Array.from({ length: messages }, (_, index) => ({
      key: `order-${index}`,
      value: VALUE,
      headers: { 'content-type': 'application/json', tenant: 'shop', ...more },
    })),
  };
}

/** What kafkajs hands over: other objects each time, and another offset. */
export function payloadOf(offset: number, topic = TOPIC, more: Readonly<IHeaders> = {}): EachMessagePayload {
  return {
    topic,
    partition: 1,
    message: messageOf(offset, more),
    heartbeat: () => Promise.resolve(),
    pause: () => () => {},
  };
}

export function batchOf(offset: number, messages: number): EachBatchPayload {
  const all = Array.from({ length: messages }, (_, index) => messageOf(offset + index));
  return {
    batch: {
      topic: TOPIC,
      partition: 1,
      highWatermark: '1000000000',
      messages: all,
      isEmpty: () => false,
      firstOffset: () => String(offset),
      lastOffset: () => String(offset + messages - 1),
      offsetLag: () => '0',
      offsetLagLow: () => '0',
    },
    resolveOffset: () => {},
    heartbeat: () => Promise.resolve(),
    pause: () => () => {},
    commitOffsetsIfNecessary: () => Promise.resolve(),
    uncommittedOffsets: () => ({ topics: [] }),
    isRunning: () => true,
    isStale: () => false,
  };
}

function messageOf(offset: number, more: Readonly<IHeaders> = {}): KafkaMessage {
  return {
    key: Buffer.from('order-1'),
    value: VALUE,
    timestamp: '1700000000000',
    attributes: 0,
    offset: String(offset),
    headers: {
      'content-type': Buffer.from('application/json'),
      tenant: Buffer.from('shop'),
      ...more,
      traceparent: Buffer.from(`00-${TRACE_ID}-${spanId(offset)}-01`),
    },
  };
}

/** Each message has a creation context of its own. */
function spanId(offset: number): string {
  return (offset + 1).toString(16).padStart(16, '0');
}
