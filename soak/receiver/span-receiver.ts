import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SpanCounts } from '../telemetry/span-key.js';

const PROGRAM = fileURLToPath(new URL('./receiver-program.js', import.meta.url));

/** The other end of OTLP: a server in a process of its own, which counts the spans that arrive. */
export interface SpanReceiver {
  readonly url: string;
  /** Rejects when it ends without having been asked to; never resolves. */
  readonly failed: Promise<never>;
  counts(): Promise<SpanCounts>;
  stop(): Promise<void>;
}

export async function startSpanReceiver(): Promise<SpanReceiver> {
  const child = fork(PROGRAM, { execArgv: [] });
  const ended = once(child, 'exit');
  let isStopping = false;
  const failed = ended.then(() => {
    if (isStopping) return new Promise<never>(() => {});
    throw new Error('The receiver of spans has died.');
  });
  failed.catch(() => {}); // It may come while nobody waits for it.
  const answer = async <T>(): Promise<T> => {
    const [message] = (await Promise.race([once(child, 'message'), failed])) as [T];
    return message;
  };
  const { url } = await answer<{ url: string }>();
  return {
    url,
    failed,
    counts: async () => {
      const answered = answer<{ counts: SpanCounts }>();
      child.send('counts');
      return (await answered).counts;
    },
    stop: async () => {
      isStopping = true;
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
