import { inspect } from 'node:util';
import { SpanKind } from '@opentelemetry/api';
import type { RecordedSpan } from './recorded-span.js';
import { type SpanOrContext, isSpan, isSpanContext, kindOf } from './span-words.js';

// Thrown, not returned as a failure: with `.not` a failure would be a success.

/** @internal */
export function requireSpan(matcher: string, received: unknown): asserts received is RecordedSpan {
  if (isSpan(received)) return;
  throw new TypeError(
    `\`${matcher}\` takes a span: expected what \`expect\` received to be one, got ${what(received)}.`,
  );
}

/** @internal */
export function requireSpanOrContext(matcher: string, given: unknown): asserts given is SpanOrContext {
  if (isSpan(given) || isSpanContext(given)) return;
  throw new TypeError(
    `\`${matcher}\` takes a span or a span context: expected its argument to be one, got ${what(given)}.`,
  );
}

/** @internal What a message is created by: a span context is taken at its word. */
export function requireSend(matcher: string, given: unknown): asserts given is SpanOrContext {
  requireSpanOrContext(matcher, given);
  if (!isSpan(given) || isSend(given)) return;
  throw new TypeError(
    `\`${matcher}\` takes the PRODUCER span that created the message, \`send …\` or \`create …\`: got \`${given.name}\`, ` +
      `which is ${kindOf(given)}. A message that was sent with a context of its own is created by the span of that ` +
      `context: see \`toBeChildOf\` and \`toLinkTo\`.`,
  );
}

function isSend({ kind, attributes }: RecordedSpan): boolean {
  const type = attributes['messaging.operation.type'];
  return kind === SpanKind.PRODUCER && (type === 'send' || type === 'create');
}

function what(value: unknown): string {
  return value instanceof Promise
    ? 'a promise: await it'
    : inspect(value, { depth: 0, breakLength: Infinity });
}
