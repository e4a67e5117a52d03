import { metrics } from '@opentelemetry/api';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import type { TracerProvider } from '@opentelemetry/api';
import type { EachBatchHandler, EachMessageHandler, Kafka, Producer } from 'kafkajs';
import { createRequire } from 'node:module';
import { traceKafka } from 'nestjs-kafka-tracing';
import { type FloorMetrics, floorMetrics } from './floor-metrics.js';
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
import type { Registered } from './sdk.js';

export const SIDES = ['untraced', 'floor', 'ours', 'auto'] as const;
export type SideName = (typeof SIDES)[number];

/** One way to trace, or none: a producer, and handlers as the driver calls them. */
export interface Side {
  readonly producer: Producer;
  readonly eachMessage: EachMessageHandler;
  readonly eachBatch: EachBatchHandler;
}

const handler = (): Promise<void> => Promise.resolve();
const instrumentation = new KafkaJsInstrumentation({ enabled: false });

/** All of them, for the SDK that is registered now. */
export async function makeSides(registered: Registered): Promise<Readonly<Record<SideName, Side>>> {
  return {
    untraced: await sideOf(idleKafka()),
    floor: await floorSide(registered.hasMetrics ? floorMetrics() : undefined),
    ours: await sideOf(traceKafka(idleKafka(), { clientId: CLIENT_ID, brokers: BROKERS })),
    auto: await autoSide(registered.tracerProvider),
  };
}

async function sideOf(kafka: Kafka): Promise<Side> {
  return {
    producer: producerOf(kafka),
    eachMessage: await eachMessageOf(kafka, handler),
    eachBatch: await eachBatchOf(kafka, handler),
  };
}

async function floorSide(measure: FloorMetrics | undefined): Promise<Side> {
  return {
    producer: floorProducer(producerOf(idleKafka()), measure),
    eachMessage: await eachMessageOf(idleKafka(), floorEachMessage(handler, measure)),
    eachBatch: await eachBatchOf(idleKafka(), floorEachBatch(handler, measure)),
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
    if (!('__wrapped' in side.producer.send) || side.eachMessage === handler || side.eachBatch === handler) {
      throw new Error('@opentelemetry/instrumentation-kafkajs is not active');
    }
    return side;
  } finally {
    instrumentation.disable();
  }
}
