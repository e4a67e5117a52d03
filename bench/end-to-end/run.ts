import { workForParent } from '../own-process.js';
import type { Case } from './end-to-end.js';
import { endToEnd } from './print.js';

const CASES: readonly Case[] = [
  { topics: 10, headers: 0, messages: 5_000 },
  { topics: 10, headers: 10, messages: 5_000 },
  { topics: 10, headers: 100, messages: 2_500 },
  { topics: 100, headers: 0, messages: 5_000 },
  { topics: 1_000, headers: 0, messages: 250 }, // For each message kafkajs goes through all topics, many times.
];

/** All of them, or one by its topics and headers, as in `end-to-end:10:0`. */
const asked = process.argv.slice(2);
const isAsked = ({ topics, headers }: Case): boolean =>
  asked.length === 0 || asked.includes('end-to-end') || asked.includes(`end-to-end:${topics}:${headers}`);

await workForParent(() => endToEnd(CASES.filter(isAsked), { rounds: 25, atATime: 50 }));
