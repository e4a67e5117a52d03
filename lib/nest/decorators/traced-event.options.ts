import type { KafkaContext } from '@nestjs/microservices';
import type { Attributes } from '@opentelemetry/api';
import { InvalidOptionError } from '../../errors/index.js';
import type { Relation, Trust } from '../../topic.options.js';
import { checkTopicOptions } from '../../resolve-options.js';
import { refuseUnknown, requireObject } from '../../option-checks.js';

/**
 * The options of {@link TracedEvent}.
 *
 * @typeParam TPayload the handler's payload, as Nest parsed it. The default is `any`, as in Nest's own handlers, so that a
 *   callback may leave its parameter's type out.
 * @publicApi
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as in Nest's handlers: a callback may leave out its parameter's type
export interface TracedEventOptions<TPayload = any> {
  /**
   * The name of a span of its own for the business step, a child of the process span. Low cardinality: no ids.
   *
   * @default none: the handler runs in the process span
   * @example @TracedEvent('order-events', { span: 'process_order_event' })
   */
  readonly span?: string;

  /**
   * Attributes of the business step, from the payload before any pipe; written to the step's span, else to the process span.
   * Called only where that span is recorded. What it throws is reported through `diag`, and the message is handled.
   *
   * @default none
   * @example @TracedEvent('order-events', { attributes: (order) => ({ 'order.id': order.id }) })
   */
  readonly attributes?: (payload: TPayload, context: KafkaContext) => Attributes;

  /**
   * How the process span stands to the creation context of its message. Handlers of one topic must agree.
   *
   * @default what the module's rules and options say
   * @example @TracedEvent('audit-events', { relation: 'link' })
   */
  readonly relation?: Relation;

  /**
   * How far the producers of this topic are trusted. Handlers of one topic must agree.
   *
   * @default what the module's rules and options say
   * @example @TracedEvent('public-events', { trust: 'restart' })
   */
  readonly trust?: Trust;

  /**
   * Whether this topic has process spans. With `false` the context of its messages still goes through to what the handler
   * sends. Handlers of one topic must agree.
   *
   * @default what the module's rules and options say
   * @example @TracedEvent('heartbeats', { trace: false })
   */
  readonly trace?: boolean;
}

const KNOWN: readonly string[] = ['span', 'attributes', 'relation', 'trust', 'trace'];

/**
 * @param handler whose options they are, as in `OrdersController.handle`
 * @throws {InvalidOptionError} for a value that an option cannot have, and for an unknown option
 * @internal
 */
export function checkTracedEventOptions(handler: string, options: TracedEventOptions): void {
  const prefix = `@TracedEvent on ${handler}: `;
  const at = (option: string): string => prefix + option;
  requireObject(options, at('options'));
  refuseUnknown(options, KNOWN, prefix);
  checkTopicOptions(options, prefix);
  const { span, attributes } = options;
  if (span !== undefined && (typeof span !== 'string' || span.trim() === '')) {
    throw new InvalidOptionError(
      at('span'),
      'to be a span name',
      span,
      "Name the step, such as 'process_order_event'.",
    );
  }
  if (attributes !== undefined && typeof attributes !== 'function') {
    const cure = "Pass a function, such as (order) => ({ 'order.id': order.id }).";
    throw new InvalidOptionError(at('attributes'), 'to be a function', attributes, cure);
  }
}
