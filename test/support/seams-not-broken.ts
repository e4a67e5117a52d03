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
    'nest/interceptors/kafka-tracing.interceptor KafkaTracingInterceptor#.intercept',
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

/** The seams that a healthy run does not call, each with the reason. A test sees that every other one is made to throw. */
const NEVER_CALLED_REASONS = {
  'it is called within its own module, where a seam cannot be seen, and from others for what a healthy run has not':
    [
      'kafkajs/trace-kafka isTracedDriver',
      'nest/container fieldsOf',
      'new nest/diagnosis/diagnosis-report DiagnosisReport',
      'new nest/kafka-tracing.service KafkaTracing',
      'new nest/shutdown Shutdown',
      'new tracing/kafka-metrics KafkaMetrics',
      'new tracing/sending/request Request',
      'new tracing/sending/transaction Transaction',
      'tracing/fail-open report',
    ],
  'it refuses what is not to be started': [
    'new errors/conflicting-handlers.error ConflictingHandlersError',
    'new errors/conflicting-options.error ConflictingOptionsError',
    'new errors/invalid-option.error InvalidOptionError',
    'new errors/kafka-tracing.error KafkaTracingError',
    'new errors/untraceable-kafka.error UntraceableKafkaError',
    'option-checks fail',
  ],
  'it is another way to set up the same': [
    'kafka-tracing.module KafkaTracingModule.forRootAsync',
    'kafka-tracing.module-definition ConfigurableModuleClass.createAsyncOptionsProvider',
    'kafka-tracing.module-definition ConfigurableModuleClass.createAsyncProviders',
    'kafka-tracing.module-definition ConfigurableModuleClass.extractExtrasFromAsyncOptions',
    'kafka-tracing.module-definition ConfigurableModuleClass.forRootAsync',
    'nest/seam traceClient',
    'new nest/client/traced-client-kafka TracedClientKafka',
  ],
  'the user asks for a dead letter by what is no handled message': [
    'kafkajs/dead-letter bareLetterOf',
    'nest/handlers/handled-message handledBy',
    'tracing/kafka-tracer KafkaTracer#.trustOf',
    'tracing/processing/delivery Delivery#.batch',
  ],
  'the handler is of a Kafka that others have made; all that is done for it is guarded': [
    'nest/handlers/handled-message openedDelivery',
    'nest/handlers/handled-message parsedMessageOf',
  ],
  'it is for a propagator that does not name its fields, a request without a handler, a second reply, a partition that was lost, a span that is not recorded; what calls it is guarded':
    [
      'propagation/header-names namesakes',
      'propagation/header-names removeHeader',
      'propagation/span-context-validity isValidSpanId',
      'tracing/metrics/consumer-lag ConsumerLag#.lose',
      'tracing/processing/delivery Delivery#.failUnhandled',
      'tracing/sending/request Request#.replied',
    ],
} as const;

export const NEVER_CALLED: readonly string[] = Object.values(NEVER_CALLED_REASONS).flat();

export const NOT_BROKEN: readonly string[] = Object.values(REASONS).flat();
