import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { instrumentsOf } from '../../lib/tracing/metrics/metric-instruments.js';
import { followed, panels, pointOf, traceqlOfDashboard } from '../support/k8s/dashboard.js';
import { errorsIn } from '../support/k8s/traceql.js';

/** By the names of labels, those of the attributes that spans have. */
const ATTRIBUTES = {
  messaging_destination_name: 'messaging.destination.name',
  messaging_consumer_group_name: 'messaging.consumer.group.name',
  error_type: 'error.type',
};

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
    const metrics = queries.flatMap((query) => query.match(/\b(?:messaging|nestjs)_\w+(?=[[{)])/g) ?? []);
    const known = prometheusNames();
    expect(metrics.length).toBeGreaterThanOrEqual(queries.length);
    expect(metrics.filter((name) => !known.has(name) && !(name in ATTRIBUTES))).toEqual([]);
  });

  const drawn = panels().filter(({ datasource }) => datasource.uid === 'prometheus');

  it.each(drawn)(
    'leads from "$title" to the traces behind it, of the same time',
    ({ links = [], targets }) => {
      expect(links).toHaveLength(1);
      const { datasource, queries, range } = followed(links[0]!.url, pointOf(targets));
      expect(datasource).toBe('tempo');
      expect(queries).toEqual([expect.objectContaining({ queryType: 'traceql' })]);
      expect(range).toEqual({ from: '1700000000000', to: '1700003600000' });
    },
  );

  it.each(drawn)('leads from a point of "$title" to the traces of its series', ({ fieldConfig, targets }) => {
    const { links = [] } = fieldConfig.defaults;
    expect(links).toHaveLength(1);
    const point = pointOf(targets);
    const { query } = followed(links[0]!.url, point).queries[0]!;
    for (const [label, attribute] of Object.entries(ATTRIBUTES)) {
      const asked = `span.${attribute} = "${point.labels[label]}"`;
      expect(query.includes(asked)).toBe(label in point.labels);
    }
  });

  it.each(['Duration of handling', 'Duration of sending'])('asks from "%s" for what is slower', (title) => {
    const { links = [], fieldConfig, targets } = drawn.find((panel) => panel.title === title)!;
    const query = (url: string) => followed(url, pointOf(targets)).queries[0]!.query;
    expect(query(links[0]!.url)).toContain('span:duration > 1s');
    expect(query(fieldConfig.defaults.links![0]!.url)).toContain('span:duration > 0.0425s');
  });

  it('asks Tempo in TraceQL', () => {
    expect(traceqlOfDashboard()).toHaveLength(13);
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
