export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export type { KafkaForTests } from './kafka-for-tests.js';
export { EmbeddedKafkaError, type EmbeddedKafkaErrorCode } from './embedded-kafka.error.js';
export type { BrokerProperties } from './server-properties.js';
