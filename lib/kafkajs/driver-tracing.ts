import type { KafkaEndpoint } from '../tracing/attributes.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';
import type { TopicHandlers } from '../tracing/topic-policies.js';

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
  /** What is known of the handlers of a topic; absent where nothing is, and then somebody is taken to handle it. */
  readonly handlersOf?: (topic: string) => TopicHandlers;
  /** Is told of another instrumentation of kafkajs; absent where OpenTelemetry's `diag` logger is. */
  readonly foreign?: (finding: string) => void;
}
