import {
  type Counter,
  type Histogram,
  type Meter,
  type MeterProvider,
  type ObservableGauge,
  createNoopMeter,
} from '@opentelemetry/api';
import { SCOPE_NAME, SCOPE_VERSION } from '../instrumentation-scope.js';

/**
 * Every instrument of this library, made by one meter.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/ (1.45)
 * @internal
 */
export interface MetricInstruments {
  readonly sentMessages: Counter;
  readonly consumedMessages: Counter;
  readonly operationDuration: Histogram;
  readonly processDuration: Histogram;
  readonly queueDuration: Histogram;
  readonly consumerLag: ObservableGauge;
  readonly propagationDropped: Counter;
}

/**
 * Makes the instruments of a meter provider; none where it is the one that stands for "none is registered".
 *
 * A provider of another copy of the API that does nothing is not known as such: its instruments do nothing, and that is all.
 *
 * @internal
 */
export function instrumentsOf(provider: MeterProvider): MetricInstruments | undefined {
  const meter = provider.getMeter(SCOPE_NAME, SCOPE_VERSION);
  return meter === createNoopMeter() ? undefined : makeInstruments(meter);
}

const MESSAGES = '{message}';

/** Those that the conventions ask for. */
const DURATIONS = seconds(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10);

/** A message may wait for milliseconds, or for a day in which its consumer was down. */
// prettier-ignore
const WAITS = seconds(
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400,
);

function makeInstruments(meter: Meter): MetricInstruments {
  return {
    sentMessages: meter.createCounter('messaging.client.sent.messages', {
      unit: MESSAGES,
      description: 'Messages that a producer tried to send, whether or not the broker took them.',
    }),
    consumedMessages: meter.createCounter('messaging.client.consumed.messages', {
      unit: MESSAGES,
      description: 'Messages that were handed to the application, each time that they were.',
    }),
    operationDuration: meter.createHistogram('messaging.client.operation.duration', {
      ...DURATIONS,
      description: 'How long an operation of a producer or consumer took, such as a send.',
    }),
    processDuration: meter.createHistogram('messaging.process.duration', {
      ...DURATIONS,
      description: 'How long the handling of a delivery took: parsing, guards, pipes, handler, filters.',
    }),
    queueDuration: meter.createHistogram('nestjs.kafka.message.queue.duration', {
      ...WAITS,
      description:
        "How long a message waited from its timestamp, the producer's or the broker's, to its handling.",
    }),
    consumerLag: meter.createObservableGauge('nestjs.kafka.consumer.lag', {
      unit: MESSAGES,
      description: 'How far a consumer group is behind the end of a partition, as of its latest batch.',
    }),
    propagationDropped: meter.createCounter('nestjs.kafka.propagation.dropped', {
      unit: '{entry}',
      description:
        'Entries of baggage or tracestate that a limit or the allow-list kept from being propagated.',
    }),
  };
}

function seconds(...explicitBucketBoundaries: number[]) {
  return { unit: 's', advice: { explicitBucketBoundaries } } as const;
}
