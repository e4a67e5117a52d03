import { parseArgs } from 'node:util';
import { BLOCK, PERIOD } from './workload/fates.js';

export interface Arguments {
  readonly messages: number;
  readonly isShort: boolean;
  readonly checkpoints: number;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const WHOLE = { messages: 1_000_000, checkpoints: 20 };
/** Between two checkpoints is one message of every fate at least. */
const SHORT = { messages: 8 * PERIOD, checkpoints: 8 };

export const USAGE = `npm run soak [-- --messages=<n>] [-- --short]

  --messages=<n>  how many messages, a multiple of ${BLOCK}; ${WHOLE.messages} where it is not given
  --short         ${SHORT.messages} messages: counts are judged as strictly, the heap generously`;

/** @throws {UsageError} */
export function parseArguments(words: readonly string[]): Arguments {
  const { short = false, messages } = parsed(words);
  const form = short ? SHORT : WHOLE;
  const count = messages === undefined ? form.messages : Number(messages);
  if (!Number.isSafeInteger(count) || count <= 0 || count % BLOCK !== 0) {
    throw new UsageError(`Expected --messages to be a multiple of ${BLOCK}, got ${messages}.`);
  }
  return { messages: count, isShort: short, checkpoints: form.checkpoints };
}

function parsed(words: readonly string[]): { readonly short?: boolean; readonly messages?: string } {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { messages: { type: 'string' }, short: { type: 'boolean' } },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
