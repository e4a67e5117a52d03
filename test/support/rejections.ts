import { afterTest } from './tracing.js';

/** The rejections that nobody catches, until the test is over: each would end the process. */
export function recordRejections(): readonly string[] {
  const rejections: string[] = [];
  const listener = (reason: unknown): void => void rejections.push(String(reason));
  process.on('unhandledRejection', listener);
  afterTest(() => process.off('unhandledRejection', listener));
  return rejections;
}
