import { Catch, Logger, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, of } from 'rxjs';
import { InvalidEventError } from './invalid-event.error.js';

/** Logs an invalid event and lets the consumer go on: it would otherwise block its partition for ever. */
@Catch(InvalidEventError)
export class InvalidEventFilter implements RpcExceptionFilter<InvalidEventError> {
  private readonly logger = new Logger(InvalidEventFilter.name);

  catch(error: InvalidEventError): Observable<undefined> {
    this.logger.error(error.message);
    return of(undefined);
  }
}
