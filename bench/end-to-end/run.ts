import { workForParent } from '../own-process.js';
import { endToEnd } from './print.js';

await workForParent(() =>
  endToEnd(
    [
      { topics: 10, headers: 0, messages: 5_000 },
      { topics: 10, headers: 10, messages: 5_000 },
      { topics: 10, headers: 100, messages: 2_500 },
      { topics: 100, headers: 0, messages: 5_000 },
      { topics: 1_000, headers: 0, messages: 250 }, // For each message kafkajs goes through all topics, many times.
    ],
    { rounds: 25, atATime: 50 },
  ),
);
