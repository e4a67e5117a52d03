import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { instrumentsOf } from '../../lib/tracing/metrics/metric-instruments.js';
import { paneOf, panels, traceqlOfDashboard } from '../support/k8s/dashboard.js';
import { errorsIn } from '../support/k8s/traceql.js';

const LABELS: ReadonlySet<string> = new Set(['messaging_destination_name', 'messaging_consumer_group_name']);

describe('the dashboard', () => {
  it('shows messages, errors, durations, time in Kafka and lag', () => {
    expect(panels().map(({ title }) => title)).toEqual([
      'Messages per second',
      'Errors per second',
      'Duration of handling',
      'Duration of sending',
      'Time in Kafka',
      'Consumer lag',
      'Latest traces through Kafka',
    ]);
  });

  it('draws only metrics that nestjs-kafka-tracing records, by the names that Prometheus gives them', () => {
    const queries = panels().flatMap(({ targets }) => targets.flatMap(({ expr }) => expr ?? []));
    const drawn = queries.flatMap((query) => query.match(/\b(?:messaging|nestjs)_\w+(?=[[{)])/g) ?? []);
    const known = prometheusNames();
    expect(drawn.length).toBeGreaterThanOrEqual(queries.length);
    expect(drawn.filter((name) => !known.has(name) && !LABELS.has(name))).toEqual([]);
  });

  it.each(panels().filter(({ datasource }) => datasource.uid === 'prometheus'))(
    'leads from "$title" to the traces behind it, of the same time',
    ({ links = [] }) => {
      expect(links).toHaveLength(1);
      const { datasource, queries, range } = paneOf(links[0]!.url);
      expect(datasource).toBe('tempo');
      expect(queries).toEqual([expect.objectContaining({ queryType: 'traceql' })]);
      // Grafana puts the time of the dashboard there.
      expect(range).toEqual({ from: '${__from}', to: '${__to}' });
    },
  );

  it('asks Tempo in TraceQL', () => {
    expect(traceqlOfDashboard()).toHaveLength(7);
    expect(traceqlOfDashboard().flatMap(errorsIn)).toEqual([]);
  });
});

/** The rules of the Collector: a unit is a suffix, one in braces is not; a counter ends in _total. */
function prometheusNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const meter = createNoopMeter();
  const recording = Object.assign(Object.create(meter) as typeof meter, {
    createCounter: (name: string) => (names.add(`${inPrometheus(name)}_total`), meter.createCounter(name)),
    createHistogram: (name: string, options: { readonly unit: string }) => {
      expect(options.unit).toBe('s');
      for (const series of ['bucket', 'count', 'sum']) names.add(`${inPrometheus(name)}_seconds_${series}`);
      return meter.createHistogram(name);
    },
    createObservableGauge: (name: string) => (
      names.add(inPrometheus(name)),
      meter.createObservableGauge(name)
    ),
  });
  const provider: MeterProvider = { getMeter: () => recording };
  instrumentsOf(provider);
  return names;
}

function inPrometheus(name: string): string {
  return name.replaceAll('.', '_');
}
