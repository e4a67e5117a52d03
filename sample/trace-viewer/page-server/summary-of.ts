import { attemptOf, type Span, type Trace } from '../model/span.js';
import type { TraceSummary } from '../page/page-api.js';
import { shortened } from './shortened.js';
import { millisecondsOf, timeOf } from './times.js';

export function summaryOf({ traceId, spans }: Trace, linkedTraceCount: number): TraceSummary {
  const [earliest] = spans;
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
  const start = earliest?.startUnixNano ?? 0n;
  const end = spans.reduce((latest, span) => (span.endUnixNano > latest ? span.endUnixNano : latest), start);
  return {
    traceId,
    title: shortened((root ?? earliest)?.name ?? ''),
    services: [...new Set(spans.map(({ serviceName }) => shortened(serviceName)))],
    spanCount: spans.length,
    start: timeOf(start),
    duration: millisecondsOf(end - start),
    errorCount: count(spans, ({ status }) => status.code === 'ERROR'),
    retryCount: count(spans, (span) => span.kind === 'CONSUMER' && attemptOf(span) > 1),
    messageCount: count(spans, ({ kind }) => kind === 'CONSUMER'),
    linkedTraceCount,
  };
}

function count(spans: readonly Span[], matches: (span: Span) => boolean): number {
  return spans.filter(matches).length;
}
