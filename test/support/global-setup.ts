import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import { EmbeddedKafka } from '../../lib/testing/embedded-kafka.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Bootstrap brokers of the Kafka of this run: `inject('brokers')`. */
    brokers: string[];
  }
}

/** One broker for the whole run, or the one that `KAFKA_BROKERS` names. */
export default async function startKafka(project: TestProject): Promise<() => Promise<void>> {
  const kafka = await EmbeddedKafka.startOrUse({
    onProgress: (message) => void process.stderr.write(`${message}\n`),
  });
  const brokers: ProvidedContext['brokers'] = [...kafka.brokers];
  project.provide('brokers', brokers);
  return () => kafka.stop();
}
