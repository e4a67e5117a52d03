/**
 * The least that says the same: what somebody would write by hand for one topic of one application, with every attribute as a
 * literal. No options, no other drivers, no protection from a tracer that throws, no hooks, no headers but as they are expected.
 */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
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

const MOST_LINKS = 128;

const getter: TextMapGetter<IHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => headers[key]?.toString(),
};
const setter: TextMapSetter<IHeaders> = {
  set: (headers, key, value) => void (headers[key] = value),
};

export function floorProducer(producer: Producer): Producer {
  const tracer = trace.getTracer('floor');
  const { send } = producer;
  return Object.assign(producer, {
    send: (record: ProducerRecord) =>
      record.messages.length === 1 ? sendOne(tracer, send, record) : sendMany(tracer, send, record),
  });
}

async function sendOne(
  tracer: Tracer,
  send: Producer['send'],
  record: ProducerRecord,
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
  const messages = [withHeaders(message, trace.setSpan(active, span))];
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
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

async function sendMany(
  tracer: Tracer,
  send: Producer['send'],
  record: ProducerRecord,
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
      },
      active,
    );
    const carrying = withHeaders(message, trace.setSpan(active, created));
    if (links.length < MOST_LINKS) links.push({ context: created.spanContext() });
    created.end();
    return carrying;
  });
  const span = tracer.startSpan(
    'send orders',
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
        'messaging.system.name': 'kafka',
        'messaging.system': 'kafka',
        'messaging.client.id': 'bench',
        'server.address': '127.0.0.1',
        'server.port': 9092,
        'messaging.batch.message_count': messages.length,
      },
      links,
    },
    active,
  );
  try {
    const metadata = await send({ ...record, messages });
    span.setAttribute('messaging.destination.partition.id', String(metadata[0]!.partition));
    return metadata;
  } catch (error) {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function withHeaders(message: Message, carried: Context): Message {
  const headers = { ...message.headers };
  propagation.inject(carried, headers, setter);
  return { ...message, headers };
}

export function floorEachMessage(handler: EachMessageHandler): EachMessageHandler {
  const tracer = trace.getTracer('floor');
  return async (payload) => {
    const { key, offset, headers } = payload.message;
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
    try {
      await context.with(trace.setSpan(creation, span), () => handler(payload));
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}

export function floorEachBatch(handler: EachBatchHandler): EachBatchHandler {
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
    try {
      await context.with(trace.setSpan(ROOT_CONTEXT, span), () => handler(payload));
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}
