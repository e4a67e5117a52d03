import type { INestApplication } from '@nestjs/common';
import type { Consumer, Kafka, Producer } from 'kafkajs';
import { Consumers } from './consumers.js';

/** Looks after the consumers by which an application's microservices take messages. Call it once they have started. */
export function watchMicroservices(app: INestApplication): void {
  const consumers = app.get(Consumers);
  for (const [index, microservice] of app.getMicroservices().entries()) {
    const [, consumer] = microservice.unwrap<[Kafka, Consumer, Producer]>();
    consumers.watch(index === 0 ? 'messages' : `messages-${index + 1}`, consumer);
  }
}
