import { endToEnd } from './print.js';

// The process that started this one is gone. What keeps Kafka ends it then.
process.once('disconnect', () => process.exit(1));

await endToEnd(
  [
    { topics: 10, headers: 0 },
    { topics: 10, headers: 10 },
    { topics: 10, headers: 100 },
    { topics: 100, headers: 0 },
    { topics: 1_000, headers: 0 },
  ],
  { rounds: 30, messages: 5_000, atATime: 50 },
);
process.removeAllListeners('disconnect');
process.disconnect?.();
