import type { ServerKafka } from '@nestjs/microservices';
import { type Observable, tap } from 'rxjs';
import { Delivery } from '../../tracing/processing/delivery.js';
import { activeContext, attempt } from '../../tracing/fail-open.js';

type Send = ServerKafka['send'];

/**
 * Tells the process span that its request failed. kafkajs does not see that: Nest resolves the delivery and replies with the
 * error. Every response passes through the server's `send`, also that of a request which a guard refused, before any
 * interceptor.
 *
 * @internal
 */
export function observeRequestFailures(server: ServerKafka): void {
  if (Object.hasOwn(server, 'send')) {
    return;
  }
  const { send } = server;
  const observed: Send = function observedSend(this: ServerKafka, stream$: Observable<unknown>, respond) {
    const delivery = attempt('find the delivery', () => Delivery.in(activeContext()));
    const response$ =
      delivery === undefined
        ? stream$
        : stream$.pipe(
            tap({
              error: (error: unknown) => attempt('tell that a request failed', () => delivery.fail(error)),
            }),
          );
    return send.call(this, response$, respond);
  };
  Object.defineProperty(server, 'send', { value: observed, configurable: true, writable: true });
}
