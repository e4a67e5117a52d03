import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterTest } from './tracing.js';

/** Takes mails and knows their Message-IDs; may hold them back, as a server does that takes its time. */
export interface MailServer {
  /** For `SMTP_URL`. */
  readonly url: string;
  /** Of each mail that was taken, in the order in which they came. */
  readonly messageIds: readonly string[];
  /** How many mails are written and wait for an answer. */
  waiting(): number;
  /** From now on mails are taken, but not answered, until `release`. */
  hold(): void;
  release(): void;
}

export async function startMailServer(): Promise<MailServer> {
  const messageIds: string[] = [];
  const sockets = new Set<Socket>();
  let held: (() => void)[] | undefined;
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    let mail: string | undefined;
    socket.write('220 test\r\n');
    socket.on('data', (data) => {
      const text = data.toString();
      if (mail === undefined) {
        mail = text.startsWith('DATA') ? '' : undefined;
        answer(socket, text);
        return;
      }
      mail += text;
      if (!mail.endsWith('\r\n.\r\n')) return;
      const [, id = ''] = /^Message-ID: (.+)\r$/im.exec(mail) ?? [];
      mail = undefined;
      const take = (): void => {
        messageIds.push(id);
        socket.write('250 fine\r\n');
      };
      if (held) held.push(take);
      else take();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}?ignoreTLS=true`,
    messageIds,
    waiting: () => held?.length ?? 0,
    hold: () => void (held ??= []),
    release: () => {
      const takes = held ?? [];
      held = undefined;
      takes.forEach((take) => take());
    },
  };
}

function answer(socket: Socket, line: string): void {
  if (line.startsWith('DATA')) socket.write('354 go on\r\n');
  else if (line.startsWith('QUIT')) socket.end('221 bye\r\n');
  else socket.write('250 fine\r\n');
}
