import {
  type KafkaConfig,
  logLevel,
  type ProducerConfig,
} from '@nestjs/microservices/external/kafka.interface.js';
import { Partitioners } from 'kafkajs';
import type { ServiceEnvironment } from '../environment/environment.js';

/** How a service connects to Kafka; kafkajs speaks up only when something is wrong. */
export function kafkaConnection(clientId: string, environment: ServiceEnvironment): KafkaConfig {
  return { clientId, brokers: environment.KAFKA_BROKERS, logLevel: logLevel.WARN };
}

/** How a service produces. The partitioner is kafkajs's default, which warns unless it is named. */
export const producerConfig: ProducerConfig = {
  allowAutoTopicCreation: false,
  createPartitioner: Partitioners.DefaultPartitioner,
};
