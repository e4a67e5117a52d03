/** Events: most of all messages; what cannot be handled goes on to the dead letters. */
export const EVENTS = 'soak-events';
export const DEAD_LETTERS = `${EVENTS}.dlt`;
/** Requests, and their replies. */
export const REQUESTS = 'soak-requests';
export const REPLIES = `${REQUESTS}.reply`;
/** Of plain kafkajs, without Nest: sent to both at once, handled in batches. */
export const FIRST_BATCHES = 'soak-first-batches';
export const SECOND_BATCHES = 'soak-second-batches';

/** Every topic, with its partitions. */
export const TOPICS = [
  { topic: EVENTS, numPartitions: 8 },
  { topic: DEAD_LETTERS, numPartitions: 1 },
  { topic: REQUESTS, numPartitions: 4 },
  { topic: REPLIES, numPartitions: 2 },
  { topic: FIRST_BATCHES, numPartitions: 2 },
  { topic: SECOND_BATCHES, numPartitions: 2 },
] as const;
