import { setTimeout as delay } from 'node:timers/promises';
import { type INestApplication, Logger } from '@nestjs/common';
import { watchMicroservices } from '../health/watch-microservices.js';
import { stopTelemetry } from '../telemetry/telemetry.js';
import { StartupError } from './startup.error.js';

/** What a forked service tells its parent process once it takes requests. */
export interface ListeningMessage {
  readonly type: 'listening';
  readonly port: number;
  readonly url: string;
}

/** An application that is wired but neither consumes nor listens, and the port it is meant for (0: any free one). */
export interface ServiceToStart {
  readonly app: INestApplication;
  readonly port: number;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** Most of the ten seconds that whoever stops a service gives it. */
const SHUTDOWN_MS = 9000;
const LAST_FLUSH_MS = 900;
/** What a service may take to stop, at most. */
export const LEAVES_WITHIN_MS = SHUTDOWN_MS + LAST_FLUSH_MS;

/** Runs one service as the process that it is: started, announced, and stopped by a signal with exit code 0. */
export async function startService(name: string, create: () => Promise<ServiceToStart>): Promise<void> {
  // A forked service does not outlive its parent, not even one that was killed.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Nest listens once there is an application. Until then nothing is under way that has to end well; and process 1 of a
  // container would not end at all, since a signal that nobody listens to does nothing there.
  SIGNALS.forEach((signal) => process.on(signal, leaveAtOnce));
  let app: INestApplication | undefined;
  try {
    const service = await create();
    app = service.app;
    // Without `useProcessExit` Nest sends itself the signal again: exit code 143, and process 1 hangs.
    app.enableShutdownHooks([], { useProcessExit: true });
    SIGNALS.forEach((signal) => process.off(signal, leaveAtOnce).once(signal, () => void leaveInTime()));
    await app.startAllMicroservices();
    watchMicroservices(app);
    await app.listen(service.port);
    announce(app, name);
  } catch (error) {
    reportFailedStart(error);
    await app?.close().catch(reportFailedStart);
    await stopTelemetry();
    process.exit(1);
  }
}

function leaveAtOnce(): void {
  process.exit(0);
}

/**
 * Leaves before somebody kills the process. kafkajs waits for half a minute and longer for a broker that takes connections and
 * does not answer. What is not done then is done after the next start: rows of the outbox, deliveries that are not committed.
 */
async function leaveInTime(): Promise<void> {
  await delay(SHUTDOWN_MS, undefined, { ref: false });
  new Logger('Shutdown').warn(
    'Not everything could be closed in time. What is not done is done after the next start.',
  );
  await Promise.race([stopTelemetry(), delay(LAST_FLUSH_MS)]);
  process.exit(0);
}

function announce(app: INestApplication, name: string): void {
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  new Logger('Startup').log(`${name} is listening on ${url}`);
  process.send?.({ type: 'listening', port, url } satisfies ListeningMessage);
}

function reportFailedStart(error: unknown): void {
  const logger = new Logger('Startup');
  if (error instanceof StartupError || isSystemError(error)) logger.error(error.message);
  else logger.error(error);
}

/** A port that is taken, a folder that cannot be written: the message says it all. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
