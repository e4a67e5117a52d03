import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type Observable, tap } from 'rxjs';

/** The least by which the span of a delivery gets the handler's own exception. */
export class FloorInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(tap({ error: (error: unknown) => trace.getActiveSpan()?.recordException(error as Error) }));
  }
}
