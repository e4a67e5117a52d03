import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../../lib/kafka-tracing.options.js';
import { resolveOptions } from '../../../lib/resolve-options.js';
import { within } from '../../../lib/tracing/fail-open.js';
import { KafkaTracer } from '../../../lib/tracing/kafka-tracer.js';
import type { Request } from '../../../lib/tracing/sending/request.js';
import { exceptionsOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { contextOf, remoteSpan } from '../../support/trace-context.js';
import { useTracing } from '../../support/tracing.js';

const GIVEN_UP = 'The request was given up before a reply.';

function start(options: KafkaTracingModuleOptions = {}): Request {
  return new KafkaTracer(resolveOptions(options)).startRequest({ clientId: 'orders' }, 'prices');
}

describe('a request', () => {
  const spans = useTracing();

  it('is active while it is sent, and the caller is in what the caller does', async () => {
    const caller = contextOf(1);
    const request = within(caller, () => start());
    expect(request.caller).toBe(caller);
    const active = trace.getSpanContext(request.context);
    request.hasId('c-1');
    request.completed();
    const span = await spans.one('request prices');
    expect(active).toEqual(span.spanContext());
    expect(span.parentSpanContext?.spanId).toBe(remoteSpan(1).spanId);
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.attributes).toMatchObject({
      'messaging.operation.name': 'request',
      'messaging.destination.name': 'prices',
      'messaging.client.id': 'orders',
      'messaging.message.conversation_id': 'c-1',
    });
    expect(span.attributes).not.toHaveProperty('messaging.operation.type');
  });

  it.each<[how: string, end: (request: Request) => void]>([
    ['the last reply', (request) => request.completed()],
    ['the last of several', (request) => (request.replied(), request.replied(), request.completed())],
    ['nobody waiting for a second one', (request) => (request.replied(), request.tornDown())],
    ['the last reply, and then nobody waits', (request) => (request.completed(), request.tornDown())],
  ])('ends well with %s', async (_how, end) => {
    end(start());
    const span = await spans.one('request prices');
    expectUnset(span);
    expect(span.attributes).not.toHaveProperty('error.type');
  });

  it.each<[how: string, end: (request: Request) => void, type: string, message: string]>([
    ['an error', (request) => request.failed(new TypeError('no')), 'TypeError', 'no'],
    ['an error after a value', (request) => (request.replied(), request.failed('no')), '_OTHER', 'no'],
    [
      'an error, and then nobody waits',
      (request) => (request.failed('no'), request.tornDown()),
      '_OTHER',
      'no',
    ],
    ['nobody waiting', (request) => request.tornDown(), 'cancelled', GIVEN_UP],
    ['nobody waiting, twice', (request) => (request.tornDown(), request.tornDown()), 'cancelled', GIVEN_UP],
    [
      'nobody waiting, before a reply',
      (request) => (request.tornDown(), request.completed()),
      'cancelled',
      GIVEN_UP,
    ],
  ])('fails with %s', async (_how, end, type, message) => {
    end(start());
    const span = await spans.one('request prices');
    expectFailed(span, type, message);
    expect(exceptionsOf(span)).toEqual(type === 'cancelled' ? [] : [message]);
  });

  it.each<[what: string, options: KafkaTracingModuleOptions]>([
    ['trace: false', { trace: false }],
    ['a rule with trace: false', { topics: [{ match: 'pri*', trace: false }] }],
    ['requireParent, and there is none', { requireParent: true }],
  ])('has no span with %s, and then the caller is what is active', (_what, options) => {
    const request = start(options);
    expect(request.context).toBe(ROOT_CONTEXT);
    expect(request.caller).toBe(ROOT_CONTEXT);
    request.hasId('c-1');
    request.replied();
    request.failed(new Error('no'));
    request.tornDown();
    expect(spans.finished).toEqual([]);
  });
});

describe('a request without an SDK', () => {
  useTracing({ tracerProvider: false });

  it('leaves what is active as it is', () => {
    const caller = contextOf(1);
    const request = within(caller, () => start());
    expect(trace.getSpanContext(request.context)).toEqual(trace.getSpanContext(caller));
    request.completed();
  });
});
