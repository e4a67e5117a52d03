import { type INestApplication, Logger } from '@nestjs/common';
import { stopTelemetry } from '../telemetry/telemetry.js';
import { ServiceLogger } from './service-logger.js';
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

/** Runs one service as the process that it is: started, announced, and stopped by a signal with exit code 0. */
export async function startService(name: string, create: () => Promise<ServiceToStart>): Promise<void> {
  Logger.overrideLogger(new ServiceLogger(name));
  // A forked service does not outlive its parent, not even one that was killed.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  let app: INestApplication | undefined;
  try {
    const service = await create();
    app = service.app;
    app.enableShutdownHooks([], { useProcessExit: true });
    await app.startAllMicroservices();
    await app.listen(service.port);
    announce(app, name);
  } catch (error) {
    reportFailedStart(error);
    await app?.close().catch(reportFailedStart);
    await stopTelemetry();
    process.exit(1);
  }
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
  else logger.error(error instanceof Error ? error.stack : error);
}

/** A port that is taken, a folder that cannot be written: the message says it all. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
