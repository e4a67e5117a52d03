import { type SpanContext, SpanKind } from '@opentelemetry/api';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';

/** A word for everybody whom a span may have to do with. */
export type Cast = Readonly<Record<string, SpanContext | undefined>>;

/** What became of a span, in words, so that it can be compared with what was to be. */
export interface SpanOutcome {
  readonly kind: string;
  readonly parent: string | undefined;
  readonly links: readonly string[];
}

/** Whoever is not in the cast is a stranger. */
export function outcomeOf(span: RecordedSpan, cast: Cast): SpanOutcome {
  const wordFor = ({ traceId, spanId }: SpanContext): string =>
    Object.entries(cast).find(([, one]) => one?.traceId === traceId && one.spanId === spanId)?.[0] ??
    'a stranger';
  return {
    kind: SpanKind[span.kind],
    parent: span.parentSpanContext === undefined ? undefined : wordFor(span.parentSpanContext),
    links: span.links.map((link) => wordFor(link.context)),
  };
}
