import {
  type Attributes,
  type Context,
  type Histogram,
  type MeterProvider,
  metrics,
} from '@opentelemetry/api';
import { ConsumerLag } from './metrics/consumer-lag.js';
import { attempt } from './fail-open.js';
import { type MetricInstruments, instrumentsOf } from './metrics/metric-instruments.js';
import { ERROR_TYPE } from './semconv.js';

/** Ours, not the conventions': which header something is missing from. */
const NESTJS_KAFKA_PROPAGATION_FIELD = 'nestjs.kafka.propagation.field';

/**
 * Records every metric of this library. No method throws, and where no meter provider is registered nothing is recorded.
 *
 * Attributes are those of {@link MetricAttributes}; `context` is the one with the span of what is measured, so that an SDK
 * may keep exemplars; durations are in seconds, and below 0, which a clock that was set back gives, they count as 0.
 *
 * @internal
 */
export class KafkaMetrics {
  /** The lag of the consumers in this process. */
  readonly lag = new ConsumerLag(() => this.#current()?.consumerLag);
  #provider: MeterProvider | undefined;
  #instruments: MetricInstruments | undefined;

  /** Whether a meter provider is registered: otherwise nothing is to be computed. It compares identities, no more. */
  isOn(): boolean {
    return this.#current() !== undefined;
  }

  /** A send of `count` messages to one topic has settled. */
  sent(attributes: Attributes, count: number, seconds: number, context: Context, errorType?: string): void {
    this.#record(({ sentMessages, operationDuration }) => {
      const described = describe(attributes, errorType);
      if (count > 0) {
        sentMessages.add(count, described, context);
      }
      recordSeconds(operationDuration, seconds, described, context);
    });
  }

  /** Of a send to several topics, the messages of one of them. */
  sentOfMany(attributes: Attributes, count: number, context: Context, errorType?: string): void {
    if (count > 0) {
      this.#record(({ sentMessages }) => sentMessages.add(count, describe(attributes, errorType), context));
    }
  }

  /** Another operation of a client has settled, such as `sendOffsets`. */
  operated(attributes: Attributes, seconds: number, context: Context, errorType?: string): void {
    this.#record(({ operationDuration }) =>
      recordSeconds(operationDuration, seconds, describe(attributes, errorType), context),
    );
  }

  /** Messages were handed to the application. */
  consumed(attributes: Attributes, count: number, context: Context): void {
    if (count > 0) {
      this.#record(({ consumedMessages }) => consumedMessages.add(count, attributes, context));
    }
  }

  /** One message has waited so long in Kafka. */
  queued(attributes: Attributes, seconds: number, context: Context): void {
    this.#record(({ queueDuration }) => recordSeconds(queueDuration, seconds, attributes, context));
  }

  /** The handling of a delivery has settled. */
  processed(attributes: Attributes, seconds: number, context: Context, errorType?: string): void {
    this.#record(({ processDuration }) =>
      recordSeconds(processDuration, seconds, describe(attributes, errorType), context),
    );
  }

  /** So many entries were not propagated, because of a limit or the allow-list. */
  dropped(field: 'baggage' | 'tracestate', count: number): void {
    if (count > 0) {
      this.#record(({ propagationDropped }) =>
        propagationDropped.add(count, { [NESTJS_KAFKA_PROPAGATION_FIELD]: field }),
      );
    }
  }

  #record(record: (instruments: MetricInstruments) => void): void {
    const instruments = this.#current();
    if (instruments !== undefined) {
      attempt('record a metric', () => record(instruments));
    }
  }

  // An instrument that is made before its provider is registered does nothing for ever; and in tests one provider comes
  // after the other. A provider whose meter throws is asked only once.
  #current(): MetricInstruments | undefined {
    const provider = metrics.getMeterProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#instruments = attempt('make the metric instruments', () => instrumentsOf(provider));
    }
    return this.#instruments;
  }
}

/**
 * The one instance of this process: metrics depend on no application's options, and a process has one meter provider.
 *
 * @internal
 */
export const kafkaMetrics = new KafkaMetrics();

/** With the type of the error, on a copy: the attributes are shared. */
function describe(attributes: Attributes, errorType: string | undefined): Attributes {
  return errorType === undefined ? attributes : { ...attributes, [ERROR_TYPE]: errorType };
}

/** An SDK warns of each negative value; a timestamp that is no number says nothing. */
function recordSeconds(histogram: Histogram, value: number, attributes: Attributes, context: Context): void {
  if (Number.isFinite(value)) {
    histogram.record(Math.max(0, value), attributes, context);
  }
}
