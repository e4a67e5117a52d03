import { logLevel } from 'kafkajs';

export interface ClientSettings {
  readonly brokers: string[];
  readonly logLevel: logLevel;
}

/** kafkajs logs every failure of a handler, and here they are on purpose. */
export function clientSettings(brokers: readonly string[]): ClientSettings {
  return { brokers: [...brokers], logLevel: logLevel.NOTHING };
}

/**
 * kafkajs counts the failures of a consumer over its whole life, and ends it after `retries` of them; after each it waits
 * for the retry time, with all its partitions. Small fetches let one that failed be fetched again soon.
 */
export const CONSUMER_SETTINGS = {
  maxWaitTimeInMs: 20,
  maxBytesPerPartition: 64 * 1024,
  retry: { initialRetryTime: 5, maxRetryTime: 5, retries: Number.MAX_SAFE_INTEGER },
};
