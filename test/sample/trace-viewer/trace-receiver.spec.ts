import { gzipSync } from 'node:zlib';
import {
  context,
  type Span as ApiSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resources } from '@opentelemetry/sdk-node';
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AcceptedRequest,
  type Span,
  startTraceReceiver,
  type TraceReceiver,
  TraceStore,
} from '../../../sample/trace-viewer/index.js';

const MAX_BODY_BYTES = 64 * 1024;
const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

let store: TraceStore;
let receiver: TraceReceiver;
let accepted: AcceptedRequest[];

beforeEach(async () => {
  store = new TraceStore();
  accepted = [];
  receiver = await startTraceReceiver({
    store,
    maxBodyBytes: MAX_BODY_BYTES,
    onAccepted: (request) => accepted.push(request),
  });
});

afterEach(() => receiver.stop());

const tracesUrl = (): string => `${receiver.url}/v1/traces`;

async function post(
  body: string | Buffer,
  contentType: string | undefined,
  headers: Record<string, string> = {},
): Promise<Response> {
  const type = contentType === undefined ? {} : { 'content-type': contentType };
  return fetch(tracesUrl(), {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { ...type, ...headers },
  });
}

const requestWith = (...spans: readonly object[]): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

const IDS = { traceId: '4BF92F3577B34DA6A3CE929D0E0E4736', spanId: '00f067aa0ba902b7' };

/** Sends what `work` traces through a real exporter, and waits until that has been answered. */
async function exportWith(exporter: SpanExporter, work: (tracer: Tracer) => void): Promise<void> {
  const provider = new BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': 'order-service' }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  work(provider.getTracer('shop', '1.2.3'));
  await provider.forceFlush();
  await provider.shutdown();
}

const EXPORTERS = [
  { name: 'protobuf', exporter: () => new ProtobufExporter({ url: tracesUrl() }) },
  {
    name: 'protobuf, gzip',
    exporter: () => new ProtobufExporter({ url: tracesUrl(), compression: 'gzip' as never }),
  },
  { name: 'JSON', exporter: () => new JsonExporter({ url: tracesUrl() }) },
  {
    name: 'JSON, gzip',
    exporter: () => new JsonExporter({ url: tracesUrl(), compression: 'gzip' as never }),
  },
];

describe.each(EXPORTERS)('a receiver of $name', ({ exporter }) => {
  it('keeps all of a span that a real exporter sends', async () => {
    let parent!: ApiSpan;
    let child!: ApiSpan;
    await exportWith(exporter(), (tracer) => {
      parent = tracer.startSpan('send order-events', {
        kind: SpanKind.PRODUCER,
        startTime: [1_790_000_000, 1],
      });
      parent.end([1_790_000_000, 5_000_000]);
      child = tracer.startSpan(
        'process order-events',
        {
          kind: SpanKind.CONSUMER,
          startTime: [1_790_000_000, 123_456_789],
          links: [{ context: parent.spanContext(), attributes: { position: 1 } }],
          attributes: {
            text: 'ü',
            whole: 12,
            fraction: 1.5,
            yes: true,
            no: false,
            list: ['a', 'b'],
            empty: '',
            zero: 0,
          },
        },
        trace.setSpan(context.active(), parent),
      );
      child.addEvent('exception', { 'exception.message': 'boom' }, [1_790_000_000, 200_000_000]);
      child.setStatus({ code: SpanStatusCode.ERROR, message: 'boom' });
      child.end([1_790_000_000, 223_456_789]);
    });

    const { traceId, spanId } = child.spanContext();
    expect(store.trace(traceId)?.spans).toHaveLength(2);
    expect(store.span(parent.spanContext())).toMatchObject({ kind: 'PRODUCER', parentSpanId: undefined });
    expect(store.span({ traceId, spanId })).toEqual<Span>({
      traceId,
      spanId,
      parentSpanId: parent.spanContext().spanId,
      name: 'process order-events',
      kind: 'CONSUMER',
      serviceName: 'order-service',
      scope: { name: 'shop', version: '1.2.3' },
      startUnixNano: 1_790_000_000_123_456_789n,
      endUnixNano: 1_790_000_000_223_456_789n,
      attributes: {
        text: 'ü',
        whole: 12,
        fraction: 1.5,
        yes: true,
        no: false,
        list: ['a', 'b'],
        empty: '',
        zero: 0,
      },
      links: [{ traceId, spanId: parent.spanContext().spanId, attributes: { position: 1 } }],
      events: [
        {
          name: 'exception',
          timeUnixNano: 1_790_000_000_200_000_000n,
          attributes: { 'exception.message': 'boom' },
        },
      ],
      status: { code: 'ERROR', message: 'boom' },
    });
  });
});

describe('a receiver', () => {
  it('listens on 127.0.0.1 only, on a port of its own', async () => {
    const other = await startTraceReceiver({ store });
    expect(receiver.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(other.url).not.toBe(receiver.url);
    await other.stop();
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });

  it('reads every kind of value that OTLP/JSON knows', async () => {
    const value = {
      big: { intValue: '9007199254740993' },
      number: { intValue: 7 },
      notANumber: { doubleValue: 'NaN' },
      bytes: { bytesValue: 'AAE=' },
      map: {
        kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{ boolValue: true }, {}] } } }] },
      },
      ['__proto__']: { stringValue: 'harmless' },
    };
    const attributes = Object.entries({ ...value, ['__proto__']: { stringValue: 'harmless' } }).map(
      ([key, of]) => ({
        key,
        value: of,
      }),
    );
    const response = await post(
      requestWith({ ...IDS, attributes, unknownField: [1] }),
      'application/json; charset=utf-8',
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({});
    const [span] = store.trace(IDS.traceId.toLowerCase())!.spans;
    expect(Object.entries(span!.attributes)).toEqual([
      ['big', 9_007_199_254_740_993n],
      ['number', 7],
      ['notANumber', NaN],
      ['bytes', 'AAE='],
      ['map', { a: [true, null] }],
      ['__proto__', 'harmless'],
    ]);
    expect(span).toMatchObject({ name: '', kind: 'UNSPECIFIED', serviceName: 'unknown_service' });
  });

  it('answers in the encoding of the request', async () => {
    const json = await post('{}', JSON_TYPE);
    expect([json.status, json.headers.get('content-type'), await json.text()]).toEqual([
      200,
      JSON_TYPE,
      '{}',
    ]);
    const protobuf = await post('', PROTOBUF_TYPE);
    expect([protobuf.status, protobuf.headers.get('content-type'), await protobuf.text()]).toEqual([
      200,
      PROTOBUF_TYPE,
      '',
    ]);
  });

  it('keeps the good spans of a request, and says how many it rejected', async () => {
    const body = requestWith(
      IDS,
      { ...IDS, spanId: '0000000000000000' },
      { ...IDS, traceId: 'AAECAwQFBgcICQoLDA0ODw==' },
    );
    expect(await (await post(body, JSON_TYPE)).json()).toEqual({
      partialSuccess: {
        rejectedSpans: '2',
        errorMessage: 'Spans without a valid trace id and span id were left out',
      },
    });
    expect(store.size).toBe(1);
    // Field 1.2.2 with nothing in it: a span without ids. The answer is field 1 with a count of 1 and a text.
    const response = await post(Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00]), PROTOBUF_TYPE);
    expect([...new Uint8Array(await response.arrayBuffer())].slice(2, 4)).toEqual([0x08, 1]);
  });

  it.each([
    ['JSON that is cut off', '{"resourceSpans":[', JSON_TYPE],
    ['JSON that is not an object', '[]', JSON_TYPE],
    ['JSON with a wrong type inside', '{"resourceSpans":{}}', JSON_TYPE],
    ['a time that is not an integer', requestWith({ ...IDS, startTimeUnixNano: 'now' }), JSON_TYPE],
    [
      'a time of more than 64 bits',
      requestWith({ ...IDS, startTimeUnixNano: '99999999999999999999' }),
      JSON_TYPE,
    ],
    ['an enum by name', requestWith({ ...IDS, kind: 'SPAN_KIND_SERVER' }), JSON_TYPE],
    ['JSON that is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), JSON_TYPE],
    ['protobuf that is cut off', Buffer.from([0x0a, 0x7f, 0x01]), PROTOBUF_TYPE],
    ['JSON sent as protobuf', '{"resourceSpans":[]}', PROTOBUF_TYPE],
  ])('refuses %s with 400', async (_what, body, contentType) => {
    const response = await post(body, contentType);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(await response.text()).not.toBe('');
    expect(accepted).toEqual([]);
  });

  it('refuses attributes nested without end with 400', async () => {
    const nest = (depth: number): object =>
      depth === 0 ? {} : { arrayValue: { values: [nest(depth - 1)] } };
    const body = requestWith({ ...IDS, attributes: [{ key: 'deep', value: nest(500) }] });
    expect((await post(body, JSON_TYPE)).status).toBe(400);
  });

  it.each(['text/plain', 'application/grpc', undefined])(
    'refuses the content type %s with 415',
    async (contentType) => {
      expect((await post('x', contentType)).status).toBe(415);
    },
  );

  it('refuses a content encoding it does not know with 415, and false gzip with 400', async () => {
    expect((await post('x', JSON_TYPE, { 'content-encoding': 'br' })).status).toBe(415);
    expect((await post('x', JSON_TYPE, { 'content-encoding': 'gzip' })).status).toBe(400);
  });

  it('refuses a body that is too large, as sent or once unpacked, with 413', async () => {
    const large = Buffer.alloc(MAX_BODY_BYTES + 1, ' ');
    expect((await post(large, JSON_TYPE)).status).toBe(413);
    expect((await post(gzipSync(large), JSON_TYPE, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('refuses a body that does not say its length and goes on too long with 413', async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(MAX_BODY_BYTES));
        if ((sent += 1) === 4) controller.close();
      },
    });
    let sent = 0;
    const request = {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': JSON_TYPE },
    } as RequestInit;
    expect((await fetch(tracesUrl(), request)).status).toBe(413);
  });

  it('goes on after a refusal', async () => {
    await post('{', JSON_TYPE);
    expect((await post(requestWith(IDS), JSON_TYPE)).status).toBe(200);
    expect(store.size).toBe(1);
  });

  it('hands on what it accepted as it came', async () => {
    const body = gzipSync(requestWith(IDS));
    await post(body, JSON_TYPE, { 'content-encoding': 'gzip' });
    expect(accepted).toEqual([{ body, contentType: JSON_TYPE, contentEncoding: 'gzip' }]);
  });

  it('knows no other address', async () => {
    expect((await fetch(`${receiver.url}/v1/logs`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(tracesUrl())).status).toBe(405);
  });
});
