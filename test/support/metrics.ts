import { type Attributes, metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InstrumentType,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect } from 'vitest';
import { until } from './until.js';

/** What a test may have otherwise than an application with an SDK has it. */
export interface MetricsSetup {
  /**
   * Whether a series that is no longer observed stays as it was last: what opentelemetry-js 2.12 makes of observable gauges
   * with cumulative temporality, the default of most exporters. @default false
   */
  readonly keepsGauges?: boolean;
  /** Whether the meter provider is registered before the test; else `register()` does it. @default true */
  readonly meterProvider?: boolean;
}

/** One series of a metric. */
export interface Point {
  readonly attributes: Attributes;
  /** Of a counter its sum, of a gauge its last value, of a histogram how many values it got. */
  readonly value: number;
  /** Only of a histogram. */
  readonly sum?: number | undefined;
  readonly boundaries?: readonly number[];
}

export interface CollectedMetric {
  readonly unit: string;
  readonly description: string;
  readonly scope: string;
  readonly points: readonly Point[];
}

/** The metrics of a test. */
export interface MetricsOfTest {
  /** Registers another meter provider, in the place of the one there is. */
  readonly register: () => void;
  /** Everything that was recorded with the provider that is registered, by name. */
  readonly collect: () => Promise<Readonly<Record<string, CollectedMetric>>>;
  /** The series of one metric. */
  readonly points: (name: string) => Promise<readonly Point[]>;
  /** The only series of a metric, once it has this value. */
  readonly one: (name: string, value: number) => Promise<Point>;
}

/**
 * Registers an OpenTelemetry SDK for metrics that keeps them in memory, anew for each test of the file. It goes together
 * with `useTracing`, in any order.
 */
export function useMetrics({ meterProvider = true, keepsGauges = false }: MetricsSetup = {}): MetricsOfTest {
  let reader: ReaderOnDemand | undefined;
  const providers: MeterProvider[] = [];

  function register(): void {
    reader = new ReaderOnDemand({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE && !keepsGauges
          ? AggregationTemporality.DELTA
          : AggregationTemporality.CUMULATIVE,
    });
    const provider = new MeterProvider({ readers: [reader] });
    providers.push(provider);
    metrics.disable();
    metrics.setGlobalMeterProvider(provider);
  }

  async function collect(): Promise<Readonly<Record<string, CollectedMetric>>> {
    if (reader === undefined) {
      return {};
    }
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors, 'errors while collecting').toEqual([]);
    return Object.fromEntries(
      resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
        metrics.map((metric) => [
          metric.descriptor.name,
          collected(`${scope.name}@${scope.version}`, metric),
        ]),
      ),
    );
  }

  async function points(name: string): Promise<readonly Point[]> {
    return (await collect())[name]?.points ?? [];
  }

  async function one(name: string, value: number): Promise<Point> {
    let found: readonly Point[] = [];
    await until(`the only \`${name}\` is ${value}`, async () => {
      found = await points(name);
      return found.length === 1 && found[0]?.value === value;
    }).catch((error: Error) => {
      throw new Error(`${error.message} There are: ${JSON.stringify(found)}`);
    });
    return found[0] as Point;
  }

  beforeEach(() => {
    if (meterProvider) {
      register();
    }
  });

  afterEach(async () => {
    metrics.disable();
    reader = undefined;
    await Promise.all(providers.splice(0).map((provider) => provider.shutdown()));
  });
  return { register, collect, points, one };
}

/** Collects when it is asked to, and exports nothing. */
class ReaderOnDemand extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

function collected(scope: string, { descriptor, dataPoints }: MetricData): CollectedMetric {
  const { unit, description } = descriptor;
  return { unit, description, scope, points: (dataPoints as DataPoint<number | Histogram>[]).map(pointOf) };
}

function pointOf({ attributes, value }: DataPoint<number | Histogram>): Point {
  return typeof value === 'number'
    ? { attributes, value }
    : { attributes, value: value.count, sum: value.sum, boundaries: value.buckets.boundaries };
}
