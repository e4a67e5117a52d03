/** The seams that are not made to throw, each with the reason. A test sees that none is here in vain. */
const REASONS = {
  "it is what everything else of ours is guarded with, and carries the call of the user's handler, or of the driver":
    [
      'kafkajs/settle settle',
      'nest/batch-messages runDelivery',
      'tracing/fail-open attempt',
      'tracing/fail-open isThenable',
      'tracing/fail-open startWithin',
      'tracing/fail-open within',
      'tracing/refusals attemptUnlessRefused',
    ],
  'the user calls it himself, and nothing of ours is around it; all that it does is guarded': [
    'kafka-tracing.module KafkaTracingModule.forRoot',
    'kafkajs/trace-kafka traceKafka',
    'nest/decorators/traced-event.decorator TracedEvent',
    'nest/kafka-tracing.service ApplicationKafkaTracing#.deadLetter',
    'nest/kafka-tracing.service ApplicationKafkaTracing#.runInContextOf',
  ],
  'Nest calls it, and nothing of ours is around it; all that it does is guarded': [
    'nest/interceptors/kafka-tracing.interceptor KafkaTracingInterceptor#.interceptAlone',
    'nest/kafka-tracing.explorer KafkaTracingExplorer#.onApplicationBootstrap',
    'nest/kafka-tracing.explorer KafkaTracingExplorer#.onApplicationShutdown',
    'nest/kafka-tracing.explorer KafkaTracingExplorer#.onModuleInit',
    'nest/kafka-tracing.explorer configure',
    'nest/seam installSeam',
  ],
  "it is a part of Nest's container: without it the application does not start, before there is any message":
    [
      'kafka-tracing.module-definition ConfigurableModuleClass.forRoot',
      'kafka-tracing.module-definition ConfigurableModuleClass.omitExtras',
      'nest/kafka-tracing.explorer tracedApplicationOf',
      'new kafka-tracing.module-definition ConfigurableModuleClass',
      'new nest/kafka-tracing.service ApplicationKafkaTracing',
      'new nest/traced-application TracedApplication',
      'new tracing/open-spans OpenSpans',
    ],
  'it runs when the library is imported, once in a process': [
    'new tracing/metrics/consumer-lag ConsumerLag',
    'new tracing/metrics/metric-attributes MetricAttributes',
  ],
} as const;

export const NOT_BROKEN: readonly string[] = Object.values(REASONS).flat();
