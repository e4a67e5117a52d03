import { get, type IncomingMessage } from 'node:http';

export interface StreamedEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface EventStream {
  readonly response: IncomingMessage;
  /** What has come up to now. */
  readonly events: readonly StreamedEvent[];
  /** What has come and is no event, such as heartbeats. */
  readonly comments: readonly string[];
  readonly hasEnded: boolean;
  close(): void;
}

/** Reads server-sent events, as a browser would. */
export function openEvents(url: string): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const connection = get(url, (response) => {
      const events: StreamedEvent[] = [];
      const comments: string[] = [];
      const stream = { response, events, comments, hasEnded: false, close: () => connection.destroy() };
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (event === undefined || data === undefined) comments.push(block);
          else events.push({ event, data: JSON.parse(data) as unknown });
        }
      });
      response.on('close', () => {
        stream.hasEnded = true;
      });
      response.on('error', () => {});
      resolve(stream);
    }).on('error', reject);
  });
}
