import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTraceReceiver, TraceStore } from '../../../sample/trace-viewer/index.js';
import { PostgresServer } from '../../support/postgres.js';
import { SampleService } from '../../support/sample-service.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

/** To start a service takes long on a busy machine. */
const TIMEOUT_MS = 90_000;

let broker: EmbeddedKafka;
let postgres: PostgresServer;

beforeAll(async () => {
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([broker.stop(), postgres.stop()]);
});

describe('the telemetry of the services', { timeout: TIMEOUT_MS }, () => {
  useTracing();

  it('has metrics of Kafka and of HTTP, sent by OTLP', async () => {
    const collector = await metricsCollector();
    const env = {
      KAFKA_BROKERS: broker.brokers.join(','),
      DATABASE_URL: await postgres.createDatabase(),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '500',
    };
    const services = ['order-service', 'notification-service'].map((name) => SampleService.start(name, env));
    const [url] = await Promise.all(services.map((service) => service.listening()));

    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId: 'customer-1', amount: 5 }),
    });

    expect(response.status).toBe(201);
    const expected = [
      'messaging.client.sent.messages',
      'messaging.client.consumed.messages',
      'messaging.process.duration',
      'nestjs.kafka.consumer.lag',
      'nestjs.kafka.message.queue.duration',
    ];
    await until('all of them arrive', () => expected.every((name) => collector.names().has(name)));
    expect([...collector.names()].filter((name) => name.startsWith('http.server.'))).not.toEqual([]);
  });

  it('loses no span of thousands that end at once', async () => {
    const store = new TraceStore({ maxSpans: 20_000, maxTraces: 20_000 });
    const collector = await startTraceReceiver({ store });
    afterTest(() => collector.stop());
    const program = `
      import { startTelemetry, stopTelemetry } from ${JSON.stringify(builtModule('platform/telemetry/telemetry.js'))};
      startTelemetry('burst');
      const { trace } = await import('@opentelemetry/api');
      const tracer = trace.getTracer('burst');
      for (let number = 0; number < 6000; number++) tracer.startSpan('one of many').end();
      await stopTelemetry();
    `;

    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../../../dist/sample', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_METRICS_EXPORTER: 'none',
      },
      stdio: 'inherit',
    });
    const [code] = (await once(child, 'exit')) as [number];

    expect(code).toBe(0);
    expect(store.size).toBe(6000);
  });
});

function builtModule(path: string): string {
  return new URL(`../../../dist/sample/${path}`, import.meta.url).href;
}

interface MetricsCollector {
  readonly url: string;
  names(): ReadonlySet<string>;
}

/** Takes whatever is sent, and knows the names of the metrics in it. */
async function metricsCollector(): Promise<MetricsCollector> {
  const names = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    for (const [, name = ''] of String(Buffer.concat(chunks)).matchAll(/"name":"([^"]+)"/g)) names.add(name);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, names: () => names };
}
