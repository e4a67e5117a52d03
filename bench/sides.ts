import { metrics } from '@opentelemetry/api';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import type { TracerProvider } from '@opentelemetry/api';
import type { EachBatchHandler, EachMessageHandler, Kafka, Producer } from 'kafkajs';
import { createRequire } from 'node:module';
import { traceKafka } from 'nestjs-kafka-tracing';
import { floorEachBatch, floorEachMessage, floorProducer } from './floor.js';
import {
  BROKERS,
  CLIENT_ID,
  eachBatchOf,
  eachMessageOf,
  idleKafka,
  patchedIdleKafka,
  producerOf,
} from './idle-driver.js';

export type SideName = 'untraced' | 'floor' | 'ours' | 'auto';

/** One way to trace, or none: a producer, and handlers as the driver calls them. */
export interface Side {
  readonly producer: Producer;
  readonly eachMessage: EachMessageHandler;
  readonly eachBatch: EachBatchHandler;
}

const handler = (): Promise<void> => Promise.resolve();
const instrumentation = new KafkaJsInstrumentation({ enabled: false });

/** All of them, for the SDK that is registered now. */
export async function makeSides(tracerProvider: TracerProvider): Promise<Readonly<Record<SideName, Side>>> {
  return {
    untraced: await sideOf(idleKafka()),
    floor: {
      producer: floorProducer(producerOf(idleKafka())),
      eachMessage: await eachMessageOf(idleKafka(), floorEachMessage(handler)),
      eachBatch: await eachBatchOf(idleKafka(), floorEachBatch(handler)),
    },
    ours: await sideOf(traceKafka(idleKafka(), { clientId: CLIENT_ID, brokers: BROKERS })),
    auto: await autoSide(tracerProvider),
  };
}

async function sideOf(kafka: Kafka): Promise<Side> {
  return {
    producer: producerOf(kafka),
    eachMessage: await eachMessageOf(kafka, handler),
    eachBatch: await eachBatchOf(kafka, handler),
  };
}

/** @throws Error where it does not wrap anything: then there is nothing to measure. */
async function autoSide(tracerProvider: TracerProvider): Promise<Side> {
  instrumentation.setTracerProvider(tracerProvider);
  instrumentation.setMeterProvider(metrics.getMeterProvider());
  instrumentation.enable();
  createRequire(import.meta.url)('kafkajs');
  try {
    const side = await sideOf(patchedIdleKafka());
    if (!('__wrapped' in side.producer.send)) {
      throw new Error('@opentelemetry/instrumentation-kafkajs is not active');
    }
    return side;
  } finally {
    instrumentation.disable();
  }
}
