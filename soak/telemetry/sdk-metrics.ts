import { type DataPoint, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class ReaderOnDemand extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the SDK's span processor says of itself. */
export interface ProcessedSpans {
  /** Because its queue was full. */
  readonly dropped: number;
  /** Because the receiver did not take them. */
  readonly refused: number;
}

const PROCESSED = 'otel.sdk.processor.span.processed';

/** Metrics, read when asked for: those of the library go here as well, so that they are recorded, too. */
export class SdkMetrics {
  readonly #reader = new ReaderOnDemand();
  readonly provider = new MeterProvider({ readers: [this.#reader] });

  async processedSpans(): Promise<ProcessedSpans> {
    const { resourceMetrics } = await this.#reader.collect();
    const points = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === PROCESSED)
      .flatMap(({ dataPoints }) => dataPoints as readonly DataPoint<number>[]);
    const lost = points.filter(({ attributes }) => attributes['error.type'] !== undefined);
    const dropped = sum(lost.filter(({ attributes }) => attributes['error.type'] === 'queue_full'));
    return { dropped, refused: sum(lost) - dropped };
  }
}

function sum(points: readonly DataPoint<number>[]): number {
  return points.reduce((total, { value }) => total + value, 0);
}
