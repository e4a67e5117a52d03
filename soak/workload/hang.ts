import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from './ledger.js';

/** A handler that is slow, or a caller's patience, in this order: nobody waits for what hangs. */
export const SLOW_MS = 20;
export const PATIENCE_MS = 10;
const HANGING_MS = 100;

/** Hangs, and comes to its end long after it was given up, as a call of something that does not answer would. */
export async function hang(ledger: Ledger): Promise<void> {
  ledger.hang();
  await delay(HANGING_MS);
  ledger.wakeUp();
}
