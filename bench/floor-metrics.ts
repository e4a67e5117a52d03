import { type Context, metrics } from '@opentelemetry/api';

/** What the floor measures: the same instruments and attributes as ours, as literals. */
export interface FloorMetrics {
  sent(count: number, start: number, context: Context): void;
  /** When a message, or batch, is handed over. */
  consumed(timestamps: readonly string[], context: Context): void;
  processed(start: number, context: Context): void;
}

/** For the meter provider that is registered now. */
export function floorMetrics(): FloorMetrics {
  const meter = metrics.getMeter('floor');
  const durations = {
    unit: 's',
    advice: {
      explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    },
  };
  const waits = {
    unit: 's',
    advice: {
      explicitBucketBoundaries: [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 10_800, 21_600,
        43_200, 86_400,
      ],
    },
  };
  const sentMessages = meter.createCounter('messaging.client.sent.messages', { unit: '{message}' });
  const consumedMessages = meter.createCounter('messaging.client.consumed.messages', { unit: '{message}' });
  const operationDuration = meter.createHistogram('messaging.client.operation.duration', durations);
  const processDuration = meter.createHistogram('messaging.process.duration', durations);
  const queueDuration = meter.createHistogram('nestjs.kafka.message.queue.duration', waits);
  const ofSend = {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'server.address': '127.0.0.1',
    'server.port': 9092,
  };
  const ofProcess = {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.destination.name': 'orders',
    'messaging.consumer.group.name': 'bench-group',
    'server.address': '127.0.0.1',
    'server.port': 9092,
  };
  return {
    sent(count, start, context) {
      sentMessages.add(count, ofSend, context);
      operationDuration.record((performance.now() - start) / 1_000, ofSend, context);
    },
    consumed(timestamps, context) {
      consumedMessages.add(timestamps.length, ofProcess, context);
      for (const timestamp of timestamps) {
        queueDuration.record((Date.now() - Number(timestamp)) / 1_000, ofProcess, context);
      }
    },
    processed(start, context) {
      processDuration.record((performance.now() - start) / 1_000, ofProcess, context);
    },
  };
}
