import { Transport } from '@nestjs/microservices';
import { ConflictingHandlersError } from '../../errors/index.js';
import type { TracedEventOptions } from '../decorators/traced-event.options.js';
import { patternsOf } from '../interceptors/handler-interceptors.js';
import { isServedBy } from './handler-metadata.js';

/**
 * A message handler, and what its `@TracedEvent` says.
 *
 * @internal
 */
export interface NamedHandler {
  /** As in `OrdersController.handle`. */
  readonly handler: string;
  readonly method: object;
  readonly options: TracedEventOptions;
}

const OF_THE_PROCESS_SPAN = ['relation', 'trust', 'trace'] as const;

const A_KAFKA_SERVER = { transportId: Transport.KAFKA };

/**
 * A delivery has one process span, however many handlers its topic has: they must not disagree on it. A handler for another
 * transport has none of Kafka's deliveries.
 *
 * @throws {ConflictingHandlersError} where two of one pattern do
 * @internal
 */
export function refuseDisagreement(handlers: readonly NamedHandler[]): void {
  const ofKafka = handlers.filter(({ method }) => isServedBy(method, A_KAFKA_SERVER));
  for (const [pattern, ofPattern] of byPattern(ofKafka)) {
    for (const option of OF_THE_PROCESS_SPAN) {
      const saying = ofPattern.filter(({ options }) => options[option] !== undefined);
      if (new Set(saying.map(({ options }) => options[option])).size > 1) {
        const sayings = saying.map(({ handler, options }) => `\`${options[option]}\` on ${handler}`);
        throw new ConflictingHandlersError(pattern, option, sayings);
      }
    }
  }
}

function byPattern(handlers: readonly NamedHandler[]): ReadonlyMap<string, readonly NamedHandler[]> {
  const found = new Map<string, NamedHandler[]>();
  for (const handler of handlers) {
    for (const pattern of patternsOf(handler.method)) {
      found.set(pattern, [...(found.get(pattern) ?? []), handler]);
    }
  }
  return found;
}
