import { ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { SdkMetrics } from '../../../soak/telemetry/sdk-metrics.js';
import { SeenSpans } from '../../../soak/telemetry/seen-spans.js';

const providers: NodeTracerProvider[] = [];
afterEach(async () => {
  await Promise.allSettled(providers.splice(0).map((provider) => provider.shutdown()));
});

describe('what the SDK says of its spans', () => {
  it('is how many its queue has dropped', async () => {
    const { metrics, seen } = await endSpans(25, { takes: true, maxQueueSize: 10 });

    expect(seen.ended).toBe(25);
    // Ten are being exported, ten wait.
    expect(await metrics.processedSpans()).toEqual({ dropped: 5, refused: 0 });
  });

  it('is apart from that how many the receiver did not take', async () => {
    const { metrics } = await endSpans(8, { takes: false, maxQueueSize: 100 });

    expect(await metrics.processedSpans()).toEqual({ dropped: 0, refused: 8 });
  });
});

async function endSpans(
  count: number,
  { takes, maxQueueSize }: { readonly takes: boolean; readonly maxQueueSize: number },
): Promise<{ readonly metrics: SdkMetrics; readonly seen: SeenSpans }> {
  const metrics = new SdkMetrics();
  const seen = new SeenSpans();
  const batches = new BatchSpanProcessor({
    exporter: exporterThat(takes),
    maxQueueSize,
    maxExportBatchSize: maxQueueSize,
    scheduledDelayMillis: 60_000,
    selfObsMeterProvider: metrics.provider,
  });
  const provider = new NodeTracerProvider({ spanProcessors: [seen, batches] });
  providers.push(provider);
  const tracer = provider.getTracer('test');
  for (let number = 0; number < count; number++) tracer.startSpan('span').end();
  await provider.forceFlush().catch(() => {}); // A refused export is what one of these is about.
  return { metrics, seen };
}

function exporterThat(takes: boolean): SpanExporter {
  return {
    export: (_spans, done) =>
      void setImmediate(() =>
        done(
          takes
            ? { code: ExportResultCode.SUCCESS }
            : { code: ExportResultCode.FAILED, error: new Error('refused') },
        ),
      ),
    shutdown: () => Promise.resolve(),
  };
}
