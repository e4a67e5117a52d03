import { createRequire } from 'node:module';
import { SpanKind, trace } from '@opentelemetry/api';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Kafka } from 'kafkajs';
import { afterEach, beforeEach } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';

export const FOREIGN = '@opentelemetry/instrumentation-kafkajs';

/** Whether something has wrapped what this Kafka makes. */
export function isWrapped(kafka: Kafka): boolean {
  return '__wrapped' in kafka.producer().send && '__wrapped' in kafka.consumer({ groupId: 'any' }).run;
}

// One for the file: its hook tells only the first of a module that is loaded already.
const instrumentation = new KafkaJsInstrumentation({ enabled: false });

/** The metrics that the other instrumentation has recorded, and nobody else, with the names of their operations. */
export interface ForeignMetrics {
  readonly collect: () => Promise<Readonly<Record<string, readonly unknown[]>>>;
}

/**
 * `@opentelemetry/instrumentation-kafkajs` is active in each test of the file; after {@link useTracing}.
 *
 * @param processor gets its spans; by default the test's own provider does
 */
export function useForeignInstrumentation(processor?: SpanProcessor): ForeignMetrics {
  let exporter: InMemoryMetricExporter;
  let meterProvider: MeterProvider;

  beforeEach(() => {
    instrumentation.setTracerProvider(
      processor === undefined
        ? trace.getTracerProvider()
        : new BasicTracerProvider({ spanProcessors: [processor] }),
    );
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    instrumentation.setMeterProvider(meterProvider);
    instrumentation.enable();
    createRequire(import.meta.url)('kafkajs'); // It hooks `require`; what it patches is what `import` gives, too.
  });
  afterEach(async () => {
    instrumentation.disable();
    await meterProvider.shutdown();
  });

  return {
    async collect() {
      await meterProvider.forceFlush();
      const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
      return Object.fromEntries(
        scopes
          .flatMap((scope) => scope.metrics)
          .map(({ descriptor, dataPoints }) => [
            descriptor.name,
            dataPoints.map(({ attributes }) => attributes['messaging.operation.name']),
          ]),
      );
    },
  };
}

/** The kinds and names of the spans that the other instrumentation made. */
export function foreignSpans(spans: readonly RecordedSpan[]): readonly string[] {
  return spans
    .filter((span) => span.instrumentationScope.name === FOREIGN)
    .map(({ kind, name }) => `${SpanKind[kind]} ${name}`);
}
