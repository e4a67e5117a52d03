export {
  ConflictingHandlersError,
  ConflictingOptionsError,
  InvalidOptionError,
  KafkaTracingError,
  UntraceableKafkaError,
} from './errors/index.js';
export {
  KafkaTracingModule,
  type KafkaTracingModuleAsyncOptions,
  type KafkaTracingOptionsFactory,
} from './kafka-tracing.module.js';
export type { BaggageLimits, KafkaTracingModuleOptions, SemconvNames } from './kafka-tracing.options.js';
export type { HandledMessage, SentMessage } from './messages.js';
export type {
  BatchSpans,
  ExistingContext,
  Relation,
  TopicOptions,
  TopicRule,
  Trust,
} from './topic.options.js';
export { type TraceKafkaOptions, traceKafka } from './kafkajs/trace-kafka.js';
export { TracedClientKafka } from './nest/client/traced-client-kafka.js';
export { TracedEvent } from './nest/decorators/traced-event.decorator.js';
export type { TracedEventOptions } from './nest/decorators/traced-event.options.js';
export type {
  DiagnosedClient,
  DiagnosedPolicy,
  DiagnosedRule,
  DiagnosedSdk,
  DiagnosedServer,
  DiagnosedTopic,
  KafkaTracingDiagnosis,
  UnreachableKafka,
} from './nest/diagnosis/diagnosis.types.js';
export { KafkaTracingInterceptor } from './nest/interceptors/kafka-tracing.interceptor.js';
export { KafkaTracing, type MessageInContext } from './nest/kafka-tracing.service.js';
export { type KafkaHeaders, kafkaHeadersGetter, kafkaHeadersSetter } from './propagation/kafka-headers.js';
