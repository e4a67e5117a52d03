import { attemptOf, type Span, type SpanKind } from '../trace-viewer/index.js';

/** A span that a trace has to have. */
export interface ExpectedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly service: string;
  /** The number of the delivery, from 1 up; any, where it is left out. */
  readonly attempt?: number;
  readonly childOf?: ExpectedSpan;
  readonly linkedTo?: ExpectedSpan;
  readonly attributes?: readonly string[];
  /** How many of them there have to be. @default 1 */
  readonly times?: number;
  /** `failed` is the status; `recovered` is an exception that somebody dealt with, and no such status. */
  readonly outcome?: 'failed' | 'recovered';
}

/** What a whole trace has, at least. A span comes after those that it names. */
export type ExpectedTrace = readonly ExpectedSpan[];

/** Those spans of a trace that are as one of the expected spans has to be, as far as that is known. */
export type MatchedSpans = Map<ExpectedSpan, readonly Span[]>;

export function isOf({ name, kind, service, attempt }: ExpectedSpan, span: Span): boolean {
  return (
    span.name === name &&
    span.kind === kind &&
    span.serviceName === service &&
    (attempt === undefined || attempt === attemptOf(span))
  );
}

export function nameOf({ name, attempt = 1 }: ExpectedSpan): string {
  return attempt === 1 ? `\`${name}\`` : `\`${name}\` (attempt ${attempt})`;
}
