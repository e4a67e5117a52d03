import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AcceptedRequest,
  startTraceReceiver,
  type TraceReceiver,
  TraceStore,
} from '../../../sample/trace-viewer/index.js';
import type { LagSeries } from '../../../sample/trace-viewer/page/page-api.js';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

let receiver: TraceReceiver;
let accepted: AcceptedRequest[];

beforeEach(async () => {
  accepted = [];
  receiver = await startTraceReceiver({
    store: new TraceStore(),
    maxBodyBytes: 64 * 1024,
    onAccepted: (request) => accepted.push(request),
  });
});

afterEach(() => receiver.stop());

const metricsUrl = (): string => `${receiver.url}/v1/metrics`;

const lag = async (): Promise<readonly LagSeries[]> =>
  (await (await fetch(`${receiver.url}/api/lag`)).json()) as LagSeries[];

function post(body: string | Buffer, type = JSON_TYPE): Promise<Response> {
  const content = new Uint8Array(Buffer.from(body));
  return fetch(metricsUrl(), { method: 'POST', body: content, headers: { 'content-type': type } });
}

const requestWith = (...metrics: readonly unknown[]): string =>
  JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });

const lagOf = (...dataPoints: readonly unknown[]): string =>
  requestWith({ name: 'nestjs.kafka.consumer.lag', gauge: { dataPoints } });

const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });

const partition = (id: string): Record<string, string> => ({
  'messaging.consumer.group.name': 'mailers',
  'messaging.destination.name': 'order-events',
  'messaging.destination.partition.id': id,
});

describe.each([
  ['protobuf', () => new ProtobufExporter({ url: metricsUrl() })],
  ['protobuf, gzip', () => new ProtobufExporter({ url: metricsUrl(), compression: 'gzip' as never })],
  ['JSON', () => new JsonExporter({ url: metricsUrl() })],
])('a receiver of metrics as %s', (_encoding, exporter: () => PushMetricExporter) => {
  it('keeps the lag of consumers that a real exporter sends, and nothing of other metrics', async () => {
    const reader = new PeriodicExportingMetricReader({ exporter: exporter(), exportIntervalMillis: 60_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const meter = provider.getMeter('test');
    meter.createObservableGauge('nestjs.kafka.consumer.lag').addCallback((result) => {
      result.observe(7, partition('10'));
      result.observe(0, partition('2'));
      result.observe(1.5, { ...partition('0'), 'messaging.consumer.group.name': 'auditors' });
    });
    meter.createHistogram('messaging.process.duration').record(1, partition('0'));
    meter.createCounter('messaging.client.sent.messages').add(1);
    const before = Date.now();
    await provider.forceFlush();
    await provider.shutdown();

    const series = await lag();
    expect(series.map(({ group, topic, partition: id }) => [group, topic, id])).toEqual([
      ['auditors', 'order-events', '0'],
      ['mailers', 'order-events', '2'],
      ['mailers', 'order-events', '10'],
    ]);
    expect(series.map(({ points }) => points.at(-1)?.[1])).toEqual([1.5, 0, 7]);
    expect(series[0]!.points[0]![0]).toBeGreaterThanOrEqual(before - 1);
    expect(series[0]!.points[0]![0]).toBeLessThanOrEqual(Date.now() + 1);
    expect(accepted).toEqual([]);
  });
});

describe('a receiver of metrics', () => {
  it('answers in the encoding of the request', async () => {
    for (const [body, type, answer] of [
      ['{}', JSON_TYPE, '{}'],
      ['', PROTOBUF_TYPE, ''],
    ] as const) {
      const response = await post(body, type);
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        200,
        type,
        answer,
      ]);
    }
  });

  it('reads numbers in every way that JSON may write them', async () => {
    const points = [{ asInt: '5' }, { asInt: 6 }, { asDouble: 7.5 }, { asDouble: '8.5' }];
    const response = await post(
      lagOf(...points.map((point, at) => ({ ...point, timeUnixNano: `${at}000000` }))),
    );
    expect(response.status).toBe(200);
    expect((await lag())[0]?.points.map(([, messages]) => messages)).toEqual([5, 6, 7.5, 8.5]);
  });

  it.each([
    ['no value', { flags: 1 }],
    ['a value that is no number', { asDouble: 'NaN' }],
    ['an endless value', { asDouble: 'Infinity' }],
    [
      'a name that nothing in Kafka has',
      { asInt: 1, attributes: [attribute('messaging.consumer.group.name', 'x'.repeat(5000))] },
    ],
  ])('keeps no point with %s', async (_what, point) => {
    expect((await post(lagOf(point))).status).toBe(200);
    expect(await lag()).toEqual([]);
  });

  it.each([
    ['JSON that is cut off', '{"resourceMetrics":[', JSON_TYPE],
    ['JSON with a wrong type inside', '{"resourceMetrics":{}}', JSON_TYPE],
    ['a gauge that is a list', requestWith({ name: 'nestjs.kafka.consumer.lag', gauge: [] }), JSON_TYPE],
    ['a value that is text', lagOf({ asInt: 1 }, { asInt: 'many' }), JSON_TYPE],
    ['a double that is text', lagOf({ asInt: 1 }, { asDouble: 'many' }), JSON_TYPE],
    ['protobuf that is cut off', Buffer.from([0x0a, 0x7f, 0x01]), PROTOBUF_TYPE],
    ['JSON sent as protobuf', '{"resourceMetrics":[]}', PROTOBUF_TYPE],
  ])('refuses %s with 400, and keeps nothing of it', async (_what, body, type) => {
    const response = await post(body, type);
    expect([response.status, response.headers.get('content-type')]).toEqual([400, type]);
    expect(await lag()).toEqual([]);
  });

  it('refuses other content types, bodies that are too large, and other methods', async () => {
    expect((await post('x', 'text/plain')).status).toBe(415);
    expect((await post(' '.repeat(64 * 1024 + 1))).status).toBe(413);
    expect((await fetch(metricsUrl())).status).toBe(405);
  });
});
