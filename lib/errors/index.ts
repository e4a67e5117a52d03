export { ConflictingHandlersError } from './conflicting-handlers.error.js';
export { ConflictingOptionsError } from './conflicting-options.error.js';
export { InvalidOptionError } from './invalid-option.error.js';
export { KafkaTracingError } from './kafka-tracing.error.js';
export { UntraceableKafkaError } from './untraceable-kafka.error.js';
