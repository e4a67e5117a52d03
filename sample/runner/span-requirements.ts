import { exceptionOf, isSameSpan, type Span } from '../trace-viewer/index.js';
import { type ExpectedSpan, type MatchedSpans, nameOf } from './expected-span.js';

/** What a span needs to be the expected one, and how it is called when no span has it. */
export interface Requirement {
  readonly what: string;
  readonly fits: (span: Span) => boolean;
}

/** What is expected of a span besides that it is there; `matched` holds the spans that it names. */
export function requirementsOf(expected: ExpectedSpan, matched: MatchedSpans): readonly Requirement[] {
  const { childOf, linkedTo, attributes = [], outcome } = expected;
  const name = nameOf(expected);
  const spansOf = (other: ExpectedSpan): readonly Span[] => matched.get(other) ?? [];
  const requirements: Requirement[] = [];
  if (childOf) {
    const fits = (span: Span): boolean => spansOf(childOf).some(({ spanId }) => spanId === span.parentSpanId);
    requirements.push({ what: `${nameOf(childOf)} as the parent of ${name}`, fits });
  }
  if (linkedTo) {
    const fits = ({ links }: Span): boolean =>
      links.some((link) => spansOf(linkedTo).some((target) => isSameSpan(link, target)));
    requirements.push({ what: `the link from ${name} to ${nameOf(linkedTo)}`, fits });
  }
  for (const attribute of attributes) {
    const fits = (span: Span): boolean => span.attributes[attribute] !== undefined;
    requirements.push({ what: `the attribute \`${attribute}\` of ${name}`, fits });
  }
  if (outcome === 'failed') {
    requirements.push({ what: `the error status of ${name}`, fits: isFailed });
  }
  if (outcome === 'recovered') {
    const fits = (span: Span): boolean => exceptionOf(span) !== undefined && !isFailed(span);
    requirements.push({ what: `the exception, without an error status, of ${name}`, fits });
  }
  return requirements;
}

function isFailed({ status }: Span): boolean {
  return status.code === 'ERROR';
}
