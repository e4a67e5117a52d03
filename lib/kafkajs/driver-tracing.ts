import type { KafkaEndpoint } from '../tracing/attributes.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';

/**
 * What a traced kafkajs object asks whoever traces it. It asks for each message, not once: a client may be connected
 * before its application has read its options, and live on after the application was closed.
 *
 * @internal
 */
export interface DriverTracing {
  /** The tracer that counts now; `undefined` where nothing is to be traced. */
  readonly tracer: () => KafkaTracer | undefined;
  /** The client id and brokers, which kafkajs hides. */
  readonly endpoint: () => KafkaEndpoint;
  /** Whether somebody handles a topic; absent where that is not known, and then somebody is taken to. */
  readonly handles?: (topic: string) => boolean;
}
