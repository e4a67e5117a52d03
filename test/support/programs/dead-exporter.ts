import { request } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';

/** What the program is told. */
export interface DeadExporter {
  readonly exports: 'spans' | 'metrics';
  /** Where to; to nowhere, and without an answer, where it is left out. */
  readonly url?: string;
  /** How many bytes an attribute has. */
  readonly bytes?: number;
  /** Whether something was exported before the application is closed. */
  readonly hasExported?: boolean;
  /** @default 500 */
  readonly shutdownTimeoutMs?: number;
}

/** What the program tells: how many milliseconds it took from the start of the application's end. */
export interface Ended {
  readonly closed: number;
  readonly exited: number;
}

// Of exporters and processors; it is the SDK's own where that can be told.
const timeoutMillis = 30_000;

/** There is no `process.exit` in it: it ends when nothing holds it any more. */
async function run(given: DeadExporter): Promise<void> {
  const { shutdownTimeoutMs = 500 } = given;
  const record = given.exports === 'spans' ? startSpans(given) : startMetrics(given);
  if (given.hasExported === true) {
    await record()();
  }

  @Module({ imports: [KafkaTracingModule.forRoot({ shutdownTimeoutMs })] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  record();
  const started = performance.now();
  await app.close();
  const closed = performance.now() - started;
  process.once('exit', () => {
    const ended: Ended = { closed, exited: performance.now() - started };
    process.stdout.write(JSON.stringify(ended));
  });
}

/** Records one more, and returns how to export it. */
type Recording = () => () => Promise<void>;

function startSpans({ url, bytes = 1 }: DeadExporter): Recording {
  const exporter = url === undefined ? silentSpanExporter : new OTLPTraceExporter({ url, timeoutMillis });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  return () => {
    provider
      .getTracer('program')
      .startSpan('last', { attributes: { text: 'x'.repeat(bytes) } })
      .end();
    return () => provider.forceFlush();
  };
}

function startMetrics({ url }: DeadExporter): Recording {
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter(url) });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return () => {
    provider.getMeter('program').createCounter('last').add(1);
    return () => provider.forceFlush();
  };
}

const silentSpanExporter: SpanExporter = { export() {}, shutdown: async () => {} };

function metricExporter(url: string | undefined): PushMetricExporter {
  return {
    export(): void {
      if (url !== undefined) {
        request(url, { method: 'POST' }).end('metrics');
      }
    },
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

run(JSON.parse(process.argv[2] as string) as DeadExporter).catch((error: unknown) => {
  process.stderr.write(error instanceof Error ? `${error.stack}\n` : String(error));
  process.exitCode = 1;
});
