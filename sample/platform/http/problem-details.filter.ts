import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { problemOf } from './problem.js';

/** Answers whatever was thrown while an HTTP request was handled. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemDetailsFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const problem = problemOf(error);
    if (!(error instanceof HttpException) && problem.status >= 500) this.logger.error(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const health = healthOf(error);
    const body = Buffer.from(JSON.stringify(health ?? problem));
    response
      .writeHead(problem.status, {
        'content-type': health ? 'application/json' : 'application/problem+json',
        'content-length': body.length,
      })
      .end(body);
  }
}

/** A health check that failed has a body of its own, which says what is down. */
function healthOf(error: unknown): object | undefined {
  const body = error instanceof HttpException ? error.getResponse() : undefined;
  return typeof body === 'object' && 'details' in body && 'status' in body ? body : undefined;
}
