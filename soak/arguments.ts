import { parseArgs } from 'node:util';
import { BLOCK } from './workload/fates.js';

export interface Arguments {
  readonly messages: number;
  readonly isShort: boolean;
  readonly checkpoints: number;
}

export const USAGE = `npm run soak [-- --messages=<n>] [-- --short]

  --messages=<n>  how many messages, a multiple of ${BLOCK}; one million where it is not given
  --short         twenty thousand messages: counts are judged as strictly, the heap generously`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const CHECKPOINTS = 20;
const SHORT_CHECKPOINTS = 8;

/** @throws {UsageError} */
export function parseArguments(words: readonly string[]): Arguments {
  const { short = false, messages } = parsed(words);
  const count = messages === undefined ? (short ? 20_000 : 1_000_000) : Number(messages);
  if (!Number.isSafeInteger(count) || count <= 0 || count % BLOCK !== 0) {
    throw new UsageError(`Expected --messages to be a multiple of ${BLOCK}, got ${messages}.`);
  }
  return { messages: count, isShort: short, checkpoints: short ? SHORT_CHECKPOINTS : CHECKPOINTS };
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
