/**
 * The least that says the same: what somebody would write by hand for one topic of one application, with every attribute as a
 * literal. No options, no other drivers, no protection from a tracer that throws, no hooks, no headers but as they are expected.
 */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import type {
  EachBatchHandler,
  EachMessageHandler,
  IHeaders,
  Message,
  Producer,
  ProducerRecord,
  RecordMetadata,
} from 'kafkajs';
import type { FloorMetrics } from './floor-metrics.js';

const MOST_LINKS = 128;
const MOST_CREATE_SPANS = 100;

const getter: TextMapGetter<IHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => headers[key]?.toString(),
};
const setter: TextMapSetter<IHeaders> = {
  set: (headers, key, value) => void (headers[key] = value),
};

/** @param measure its metrics, in the rows that have some */
export function floorProducer(producer: Producer, measure?: FloorMetrics): Producer {
  const tracer = trace.getTracer('floor');
  const { send } = producer;
  return Object.assign(producer, {
    send(record: ProducerRecord) {
      const count = record.messages.length;
      return (count === 1 ? sendOne : count <= MOST_CREATE_SPANS ? sendMany : sendVeryMany)(
        tracer,
        send,
        record,
        measure,
      );
    },
  });
}

async function sendOne(
  tracer: Tracer,
  send: Producer['send'],
  record: ProducerRecord,
  measure: FloorMetrics | undefined,
): Promise<RecordMetadata[]> {
  const active = context.active();
  const message = record.messages[0]!;
  const key = message.key as string;
  const span = tracer.startSpan(
    'send orders',
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
        'messaging.system.name': 'kafka',
        'messaging.system': 'kafka',
        'messaging.client.id': 'bench',
        'server.address': '127.0.0.1',
        'server.port': 9092,
        'kafka.message.key': key,
        'messaging.kafka.message.key': key,
      },
      links: [],
    },
    active,
  );
  const sending = trace.setSpan(active, span);
  const messages = [withHeaders(message, sending)];
  const start = measure && performance.now();
  try {
    const metadata = await send({ ...record, messages });
    const { partition, baseOffset } = metadata[0]!;
    const offset = Number(baseOffset);
    span.setAttributes({
      'messaging.destination.partition.id': String(partition),
      'kafka.offset': offset,
      'messaging.kafka.offset': offset,
    });
    return metadata;
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    measure?.sent(1, start!, sending);
    span.end();
  }
}

async function sendMany(
  tracer: Tracer,
  send: Producer['send'],
  record: ProducerRecord,
  measure: FloorMetrics | undefined,
): Promise<RecordMetadata[]> {
  const active = context.active();
  const links: Link[] = [];
  const messages = record.messages.map((message) => {
    const key = message.key as string;
    const created = tracer.startSpan(
      'create orders',
      {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.operation.name': 'create',
          'messaging.operation.type': 'create',
          'messaging.destination.name': 'orders',
          'messaging.system.name': 'kafka',
          'messaging.system': 'kafka',
          'messaging.client.id': 'bench',
          'server.address': '127.0.0.1',
          'server.port': 9092,
          'kafka.message.key': key,
          'messaging.kafka.message.key': key,
        },
        links: [],
      },
      active,
    );
    created.end();
    links.push({ context: created.spanContext() });
    return withHeaders(message, trace.setSpan(active, created));
  });
  const span = startBatch(tracer, SpanKind.CLIENT, messages.length, links, active);
  return sendBatch(span, trace.setSpan(active, span), send, { ...record, messages }, measure);
}

/** Their context is that of the send. */
async function sendVeryMany(
  tracer: Tracer,
  send: Producer['send'],
  record: ProducerRecord,
  measure: FloorMetrics | undefined,
): Promise<RecordMetadata[]> {
  const active = context.active();
  const span = startBatch(tracer, SpanKind.PRODUCER, record.messages.length, [], active);
  const sending = trace.setSpan(active, span);
  const messages = record.messages.map((message) => withHeaders(message, sending));
  return sendBatch(span, sending, send, { ...record, messages }, measure);
}

function startBatch(tracer: Tracer, kind: SpanKind, count: number, links: Link[], active: Context): Span {
  const attributes = {
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.client.id': 'bench',
    'server.address': '127.0.0.1',
    'server.port': 9092,
    'messaging.batch.message_count': count,
  };
  return tracer.startSpan('send orders', { kind, attributes, links }, active);
}

async function sendBatch(
  span: Span,
  sending: Context,
  send: Producer['send'],
  record: ProducerRecord,
  measure: FloorMetrics | undefined,
): Promise<RecordMetadata[]> {
  const start = measure && performance.now();
  try {
    const metadata = await send(record);
    span.setAttribute('messaging.destination.partition.id', String(metadata[0]!.partition));
    return metadata;
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    measure?.sent(record.messages.length, start!, sending);
    span.end();
  }
}

function withHeaders(message: Message, carried: Context): Message {
  const headers = { ...message.headers };
  propagation.inject(carried, headers, setter);
  return { ...message, headers };
}

export function floorEachMessage(handler: EachMessageHandler, measure?: FloorMetrics): EachMessageHandler {
  const tracer = trace.getTracer('floor');
  return async (payload) => {
    const { key, offset, headers, timestamp } = payload.message;
    const creation = propagation.extract(ROOT_CONTEXT, headers!, getter);
    const text = key!.toString();
    const at = Number(offset);
    const span = tracer.startSpan(
      'process orders',
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'orders',
          'messaging.system.name': 'kafka',
          'messaging.system': 'kafka',
          'messaging.client.id': 'bench',
          'messaging.consumer.group.name': 'bench-group',
          'server.address': '127.0.0.1',
          'server.port': 9092,
          'kafka.message.key': text,
          'messaging.kafka.message.key': text,
          'messaging.destination.partition.id': String(payload.partition),
          'kafka.offset': at,
          'messaging.kafka.offset': at,
        },
        links: [{ context: trace.getSpanContext(creation)! }],
      },
      creation,
    );
    const handling = trace.setSpan(creation, span);
    measure?.consumed([timestamp], handling);
    const start = measure && performance.now();
    try {
      await context.with(handling, () => handler(payload));
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      measure?.processed(start!, handling);
      span.end();
    }
  };
}

export function floorEachBatch(handler: EachBatchHandler, measure?: FloorMetrics): EachBatchHandler {
  const tracer = trace.getTracer('floor');
  return async (payload) => {
    const { messages, partition } = payload.batch;
    const links: Link[] = [];
    for (const { headers } of messages) {
      if (links.length >= MOST_LINKS) break;
      links.push({ context: trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers!, getter))! });
    }
    const span = tracer.startSpan(
      'process orders',
      {
        kind: SpanKind.CONSUMER,
        root: true,
        attributes: {
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'orders',
          'messaging.system.name': 'kafka',
          'messaging.system': 'kafka',
          'messaging.client.id': 'bench',
          'messaging.consumer.group.name': 'bench-group',
          'server.address': '127.0.0.1',
          'server.port': 9092,
          'messaging.destination.partition.id': String(partition),
          'messaging.batch.message_count': messages.length,
        },
        links,
      },
      ROOT_CONTEXT,
    );
    const handling = trace.setSpan(ROOT_CONTEXT, span);
    measure?.consumed(
      messages.map(({ timestamp }) => timestamp),
      handling,
    );
    const start = measure && performance.now();
    try {
      await context.with(handling, () => handler(payload));
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      measure?.processed(start!, handling);
      span.end();
    }
  };
}

function fail(span: Span, error: unknown): void {
  span.recordException(error as Error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
