import { SpanKind } from '@opentelemetry/api';
import { requireSend, requireSpan, requireSpanOrContext } from './matcher-arguments.js';
import type { RecordedSpan } from './recorded-span.js';
import { type SpanOrContext, account, idsOf, isSame, isSpan, kindOf, nameOf } from './span-words.js';

/**
 * What Vitest and Jest take from a matcher.
 *
 * @experimental
 * @publicApi
 */
export interface MatcherResult {
  readonly pass: boolean;
  /** Why the expectation does not hold: the plain one where `pass` is false, the one with `.not` where it is true. */
  readonly message: () => string;
}

/**
 * The matchers of {@link kafkaTracingMatchers} as methods of `expect(span)`. Tell the test runner of them once, in a file
 * that is compiled (in a `.d.ts` `skipLibCheck` hides a mistake), for Vitest 5
 *
 * ```ts
 * import 'vitest';
 *
 * declare module 'vitest' {
 *   interface Matchers<R, T> extends KafkaTracingMatchers<R> {}
 * }
 * ```
 *
 * for Vitest 4
 *
 * ```ts
 * import 'vitest';
 *
 * declare module 'vitest' {
 *   interface Matchers<T> extends KafkaTracingMatchers<T> {}
 * }
 * ```
 *
 * for Jest with `@jest/globals`
 *
 * ```ts
 * declare module 'expect' {
 *   interface Matchers<R extends void | Promise<void>> extends KafkaTracingMatchers<R> {}
 * }
 * ```
 *
 * and for Jest with `@types/jest`
 *
 * ```ts
 * declare global {
 *   namespace jest {
 *     interface Matchers<R> extends KafkaTracingMatchers<R> {}
 *   }
 * }
 * ```
 *
 * @experimental
 * @publicApi
 */
export interface KafkaTracingMatchers<R = unknown> {
  /** In the trace of the other span, and not that span itself. */
  toContinueTraceOf(other: SpanOrContext): R;
  /** A child of the other span, its parent. */
  toBeChildOf(parent: SpanOrContext): R;
  /** With a link to the other span, whatever else it links to. */
  toLinkTo(other: SpanOrContext): R;
  /**
   * The CONSUMER span of operation `process` that handles what the other span has sent: a PRODUCER span, `send orders` or
   * `create orders`. It is that span's child, or linked to it, or both, as the `relation` of the topic says.
   *
   * A link alone is not enough where the topics differ: a dead letter links to the message that it was, too.
   */
  toBeProcessSpanOf(send: SpanOrContext): R;
}

const OPERATION_TYPE = 'messaging.operation.type';
const DESTINATION = 'messaging.destination.name';

/**
 * Matchers for the spans of a `SpanRecorder`, or any other spans of the OpenTelemetry SDK, in Vitest and Jest.
 *
 * ```ts
 * expect.extend(kafkaTracingMatchers);
 *
 * expect(send).toBeChildOf(createOrder);
 * expect(process).toBeProcessSpanOf(send);
 * expect(process).toContinueTraceOf(createOrder);
 * expect(process).toLinkTo(send);
 * ```
 *
 * A failure tells what was expected, and which parent and links the span has. What is not a span is a `TypeError`, also
 * with `.not`.
 *
 * @see {@link KafkaTracingMatchers} for what each says, and for its type
 * @experimental
 * @publicApi
 */
export const kafkaTracingMatchers = {
  toContinueTraceOf(received: RecordedSpan, other: SpanOrContext): MatcherResult {
    requireSpan('toContinueTraceOf', received);
    requireSpanOrContext('toContinueTraceOf', other);
    const inTrace = received.spanContext().traceId === idsOf(other).traceId;
    const isOther = isSame(received.spanContext(), idsOf(other));
    const why = isOther ? 'It is that very span.' : inTrace ? '' : whyInAnotherTrace(received, other);
    return result('to continue the trace of', received, other, inTrace && !isOther, why);
  },

  toBeChildOf(received: RecordedSpan, parent: SpanOrContext): MatcherResult {
    requireSpan('toBeChildOf', received);
    requireSpanOrContext('toBeChildOf', parent);
    const why = isLinked(received, parent) ? 'It is linked to it, though: that is `toLinkTo`.' : '';
    return result('to be a child of', received, parent, isChild(received, parent), why);
  },

  toLinkTo(received: RecordedSpan, other: SpanOrContext): MatcherResult {
    requireSpan('toLinkTo', received);
    requireSpanOrContext('toLinkTo', other);
    const why = isChild(received, other) ? 'It is its child, though: that is `toBeChildOf`.' : '';
    return result('to link to', received, other, isLinked(received, other), why);
  },

  toBeProcessSpanOf(received: RecordedSpan, send: SpanOrContext): MatcherResult {
    requireSpan('toBeProcessSpanOf', received);
    requireSend('toBeProcessSpanOf', send);
    const why = whyNoProcessSpanOf(received, send);
    return result('to be the process span of', received, send, why === '', why);
  },
};

function result(
  claim: string,
  received: RecordedSpan,
  given: SpanOrContext,
  pass: boolean,
  why: string,
): MatcherResult {
  const expected = `Expected ${nameOf(received)} ${pass ? 'not ' : ''}${claim} ${nameOf(given)}.`;
  const message = (): string =>
    [expected, account(received, given), pass ? '' : why].filter((part) => part !== '').join('\n\n');
  return { pass, message };
}

function whyInAnotherTrace(received: RecordedSpan, other: SpanOrContext): string {
  const where = received.parentSpanContext
    ? 'Its parent is in another trace, too: the context was lost further up, or its sender had none.'
    : 'It is the root of another trace.';
  return isLinked(received, other) ? `${where} It is linked to it, though: that is \`toLinkTo\`.` : where;
}

function whyNoProcessSpanOf(received: RecordedSpan, send: SpanOrContext): string {
  if (received.kind !== SpanKind.CONSUMER) return `It is no CONSUMER span, but ${kindOf(received)}.`;
  const type = received.attributes[OPERATION_TYPE];
  if (type !== 'process') return `Its \`${OPERATION_TYPE}\` is \`${String(type)}\`, not \`process\`.`;
  if (isChild(received, send)) return '';
  if (!isLinked(received, send)) return 'It is neither its child nor linked to it.';
  const [sent, handled] = [destinationOf(send), destinationOf(received)];
  if (sent === undefined || handled === undefined || sent === handled) return '';
  return `It is linked to it, but handles a message of \`${handled}\`, and this one was sent to \`${sent}\`.`;
}

function isChild(span: RecordedSpan, parent: SpanOrContext): boolean {
  return isSame(span.parentSpanContext, idsOf(parent));
}

function isLinked(span: RecordedSpan, other: SpanOrContext): boolean {
  return span.links.some((link) => isSame(link.context, idsOf(other)));
}

function destinationOf(span: SpanOrContext): string | undefined {
  const topic = isSpan(span) ? span.attributes[DESTINATION] : undefined;
  return typeof topic === 'string' ? topic : undefined;
}
