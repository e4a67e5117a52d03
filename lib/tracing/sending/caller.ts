import { type Context, ROOT_CONTEXT, type SpanContext } from '@opentelemetry/api';
import { activeContext } from '../fail-open.js';
import { spanContextOf } from '../span-starter.js';
import type { TopicPolicy } from '../topic-policies.js';

/**
 * Where a send, or another operation of a client, comes from.
 *
 * @internal
 */
export interface Caller {
  /** What is active: the baggage of the message is its. */
  readonly active: Context;
  /** The context of the parent: what is active, or the transaction where that was begun in the same span. */
  readonly parent: Context;
  /** The transaction, where it is not the parent. */
  readonly links: readonly SpanContext[];
}

/** @internal */
export function callerOf(transaction: { callerIn(active: Context): Caller } | undefined): Caller {
  const active = activeContext() ?? ROOT_CONTEXT;
  return transaction === undefined ? { active, parent: active, links: [] } : transaction.callerIn(active);
}

/** @internal */
export function isTraced(
  { trace, requireParent }: Pick<TopicPolicy, 'trace' | 'requireParent'>,
  { active }: Caller,
): boolean {
  return trace && !(requireParent && spanContextOf(active) === undefined);
}
