import { setTimeout as delay } from 'node:timers/promises';

/** Who asks for health does not wait long, and asks again soon. */
export const HEALTH_TIMEOUT_MS = 2000;

/** Rejects when the answer does not come in time. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const tooLate = delay(HEALTH_TIMEOUT_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`No answer for ${HEALTH_TIMEOUT_MS} ms`);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    timer.abort();
    tooLate.catch(() => undefined);
    answer.catch(() => undefined);
  }
}
