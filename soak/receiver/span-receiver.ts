import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SpanCounts } from '../telemetry/span-key.js';

const PROGRAM = fileURLToPath(new URL('./receiver-program.js', import.meta.url));

/** The other end of OTLP: a server in a process of its own, which counts the spans that arrive. */
export interface SpanReceiver {
  readonly url: string;
  counts(): Promise<SpanCounts>;
  stop(): Promise<void>;
}

export async function startSpanReceiver(): Promise<SpanReceiver> {
  const child = fork(PROGRAM, { execArgv: [] });
  const ended = once(child, 'exit');
  const answer = async <T>(): Promise<T> => {
    const died = ended.then(() => {
      throw new Error('The receiver of spans has died.');
    });
    const [message] = (await Promise.race([once(child, 'message'), died])) as [T];
    return message;
  };
  const { url } = await answer<{ url: string }>();
  return {
    url,
    counts: async () => {
      const answered = answer<{ counts: SpanCounts }>();
      child.send('counts');
      return (await answered).counts;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
