import { type KafkaConfig, logLevel } from '@nestjs/microservices/external/kafka.interface.js';
import type { ServiceEnvironment } from '../environment/environment.js';

/** How this service connects to Kafka; kafkajs speaks up only when something is wrong. */
export function kafkaConnection(clientId: string, environment: ServiceEnvironment): KafkaConfig {
  return { clientId, brokers: environment.KAFKA_BROKERS, logLevel: logLevel.WARN };
}
