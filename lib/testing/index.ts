export { EmbeddedKafka, type EmbeddedKafkaOptions, type KafkaForTests } from './embedded-kafka.js';
export { EmbeddedKafkaError, type EmbeddedKafkaErrorCode } from './embedded-kafka.error.js';
export type { BrokerProperties } from './server-properties.js';
