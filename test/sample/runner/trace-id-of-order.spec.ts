import { describe, expect, it } from 'vitest';
import { traceIdOfOrder } from '../../../sample/runner/trace-id-of-order.js';
import { type Span, TraceStore } from '../../../sample/trace-viewer/index.js';
import { linkTo, orderTrace, TRACE_ID } from '../trace-viewer/support/spans.js';

const CONSUMER_TRACE_ID = 'c'.repeat(32);

/** The consumer's part in a trace of its own, which links to the request's. */
const spans = orderTrace();
const ofRequest = spans.slice(0, 3);
const ofConsumer = spans.slice(3).map((span): Span => {
  const { parentSpanId, ...rest } = { ...span, traceId: CONSUMER_TRACE_ID };
  return span.kind === 'CONSUMER'
    ? { ...rest, parentSpanId: undefined, links: [linkTo('03')] }
    : { ...rest, parentSpanId };
});

describe('traceIdOfOrder', () => {
  it('finds the trace that is there already', async () => {
    const store = new TraceStore();
    store.add(spans);
    expect(await traceIdOfOrder(store, 'o-1')).toBe(TRACE_ID);
  });

  it('is the trace of the request, also where a consumer that only links to it is there first', async () => {
    const store = new TraceStore();
    store.add(ofConsumer);
    const traceId = traceIdOfOrder(store, 'o-1');
    store.add(ofRequest);
    expect(await traceId).toBe(TRACE_ID);
  });

  it('is the trace of the request where only the consumer names the order, as of many placed at once', async () => {
    const store = new TraceStore();
    const traceId = traceIdOfOrder(store, 'o-1');
    store.add(ofRequest.map((span) => ({ ...span, attributes: {} })));
    store.add(ofConsumer);
    expect(await traceId).toBe(TRACE_ID);
  });
});
