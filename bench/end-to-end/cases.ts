import type { Case } from './end-to-end.js';

/** By the names that `--only` takes. */
export const CASES: Readonly<Record<string, Case>> = Object.fromEntries(
  [
    { topics: 10, headers: 0, messages: 5_000 },
    { topics: 10, headers: 10, messages: 5_000 },
    { topics: 10, headers: 100, messages: 2_500 },
    { topics: 100, headers: 0, messages: 5_000 },
    { topics: 1_000, headers: 0, messages: 250 }, // For each message kafkajs goes through all topics, many times.
  ].map((one) => [`end-to-end:${one.topics}:${one.headers}`, one]),
);
