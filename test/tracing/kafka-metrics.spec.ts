import { ROOT_CONTEXT, type Meter, type MeterProvider, createNoopMeter, metrics } from '@opentelemetry/api';
import { type Mock, describe, expect, it, vi } from 'vitest';
import { KafkaMetrics, kafkaMetrics } from '../../lib/tracing/kafka-metrics.js';
import { errorType } from '../../lib/tracing/error-type.js';
import { recordReports } from '../support/diag-reports.js';
import { useMetrics } from '../support/metrics.js';
import { contextOf } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const recorded = useMetrics({ meterProvider: false });
useTracing();

const ATTRIBUTES = Object.freeze({ 'messaging.destination.name': 'orders' });
const FAILED = { ...ATTRIBUTES, 'error.type': 'TypeError' };
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const OWNER = {};

function recordEverything(kafka: KafkaMetrics): void {
  kafka.sent(ATTRIBUTES, 3, 0.5, ROOT_CONTEXT);
  kafka.sent(ATTRIBUTES, 1, 0.25, ROOT_CONTEXT, 'TypeError');
  kafka.operated(ATTRIBUTES, 2, ROOT_CONTEXT);
  kafka.operated(ATTRIBUTES, 4, ROOT_CONTEXT, 'TypeError');
  kafka.consumed(ATTRIBUTES, 5, ROOT_CONTEXT);
  kafka.queued(ATTRIBUTES, 3_600, ROOT_CONTEXT);
  kafka.processed(ATTRIBUTES, 0.125, ROOT_CONTEXT);
  kafka.processed(ATTRIBUTES, 8, ROOT_CONTEXT, 'TypeError');
  kafka.dropped('baggage', 2);
  kafka.dropped('tracestate', 1);
  kafka.lag.set(OWNER, 'orders', 0, 'group', 7);
}

describe('KafkaMetrics', () => {
  it('has the instruments of the conventions, and our own', async () => {
    recorded.register();
    recordEverything(new KafkaMetrics());
    const collected = await recorded.collect();
    const queueDuration = collected['nestjs.kafka.message.queue.duration']?.points[0]?.boundaries ?? [];

    expect(collected).toMatchObject({
      'messaging.client.sent.messages': {
        unit: '{message}',
        points: [
          { attributes: ATTRIBUTES, value: 3 },
          { attributes: FAILED, value: 1 },
        ],
      },
      'messaging.client.consumed.messages': {
        unit: '{message}',
        points: [{ attributes: ATTRIBUTES, value: 5 }],
      },
      'messaging.client.operation.duration': {
        unit: 's',
        points: [
          { attributes: ATTRIBUTES, value: 2, sum: 2.5, boundaries: DURATIONS },
          { attributes: FAILED, value: 2, sum: 4.25, boundaries: DURATIONS },
        ],
      },
      'messaging.process.duration': {
        unit: 's',
        points: [
          { attributes: ATTRIBUTES, value: 1, sum: 0.125, boundaries: DURATIONS },
          { attributes: FAILED, value: 1, sum: 8, boundaries: DURATIONS },
        ],
      },
      'nestjs.kafka.message.queue.duration': {
        unit: 's',
        points: [{ attributes: ATTRIBUTES, value: 1, sum: 3_600 }],
      },
      'nestjs.kafka.consumer.lag': { unit: '{message}', points: [{ value: 7 }] },
      'nestjs.kafka.propagation.dropped': {
        unit: '{entry}',
        points: [
          { attributes: { 'nestjs.kafka.propagation.field': 'baggage' }, value: 2 },
          { attributes: { 'nestjs.kafka.propagation.field': 'tracestate' }, value: 1 },
        ],
      },
    });
    expect(Object.keys(collected)).toHaveLength(7);
    expect(queueDuration).toEqual([...queueDuration].sort((a, b) => a - b));
    expect([queueDuration[0], queueDuration.at(-1)]).toEqual([0.005, 86_400]);
    for (const { description, scope } of Object.values(collected)) {
      expect(description).not.toBe('');
      expect(scope).toBe('nestjs-kafka-tracing@0.1.0');
    }
  });

  it('leaves the attributes that it is given as they are', async () => {
    recorded.register();
    const attributes = { ...ATTRIBUTES };
    new KafkaMetrics().processed(attributes, 1, ROOT_CONTEXT, 'TypeError');
    expect(attributes).toEqual(ATTRIBUTES);
    expect(await recorded.points('messaging.process.duration')).toHaveLength(1);
  });

  it.each([
    ['a negative duration as 0', -5, 0],
    ['nothing of what is no number', Number.NaN, undefined],
    ['nothing of what has no end', Number.POSITIVE_INFINITY, undefined],
  ])('records %s', async (_what, seconds, sum) => {
    recorded.register();
    const kafka = new KafkaMetrics();
    kafka.queued(ATTRIBUTES, seconds, ROOT_CONTEXT);
    kafka.processed(ATTRIBUTES, seconds, ROOT_CONTEXT);
    kafka.operated(ATTRIBUTES, seconds, ROOT_CONTEXT);
    const names = [
      'nestjs.kafka.message.queue.duration',
      'messaging.process.duration',
      'messaging.client.operation.duration',
    ];
    expect(
      await Promise.all(names.map(async (name) => (await recorded.points(name)).map(({ sum }) => sum))),
    ).toEqual(names.map(() => (sum === undefined ? [] : [sum])));
  });

  it('counts no messages and no entries where there are none', async () => {
    recorded.register();
    const kafka = new KafkaMetrics();
    kafka.sent(ATTRIBUTES, 0, 0.5, ROOT_CONTEXT);
    kafka.consumed(ATTRIBUTES, 0, ROOT_CONTEXT);
    kafka.dropped('baggage', 0);
    expect(Object.keys(await recorded.collect())).toEqual(['messaging.client.operation.duration']);
  });

  it('records in the context of the span, for exemplars', () => {
    const { provider, instruments } = doubledProvider();
    metrics.setGlobalMeterProvider(provider);
    const kafka = new KafkaMetrics();
    const context = contextOf(1);
    kafka.sent(ATTRIBUTES, 1, 1, context);
    kafka.operated(ATTRIBUTES, 1, context);
    kafka.consumed(ATTRIBUTES, 1, context);
    kafka.queued(ATTRIBUTES, 1, context);
    kafka.processed(ATTRIBUTES, 1, context);
    expect(instruments.add.mock.calls.map(([, , used]) => used)).toEqual([context, context]);
    expect(instruments.record.mock.calls.map(([, , used]) => used)).toEqual(Array(4).fill(context));
  });

  it('has one series for 10,000 errors of as many names, past the first 200', async () => {
    recorded.register();
    const kafka = new KafkaMetrics();
    for (let number = 0; number < 10_000; number += 1) {
      const error = Object.assign(new Error('x'), { name: `Error${number}` });
      kafka.processed(ATTRIBUTES, 1, ROOT_CONTEXT, errorType(error));
    }
    const points = await recorded.points('messaging.process.duration');
    expect(points).toHaveLength(201);
    expect(points.find(({ attributes }) => attributes['error.type'] === '_OTHER')?.value).toBe(9_800);
  });
});

describe('KafkaMetrics and meter providers', () => {
  it('records nothing where none is registered, and asks it for nothing twice', async () => {
    const kafka = new KafkaMetrics();
    const noProvider = metrics.getMeterProvider();
    const getMeter = vi.spyOn(noProvider, 'getMeter');
    recordEverything(kafka);
    expect(kafka.isOn()).toBe(false);
    expect(getMeter).toHaveBeenCalledTimes(1);
    getMeter.mockRestore();

    recorded.register();
    kafka.lag.set(OWNER, 'payments', 0, 'group', 1);
    const { attributes } = await recorded.one('nestjs.kafka.consumer.lag', 1);
    expect(attributes['messaging.destination.name']).toBe('payments');
    expect(Object.keys(await recorded.collect())).toEqual(['nestjs.kafka.consumer.lag']);
  });

  it('records once one is registered, however late', async () => {
    const kafka = new KafkaMetrics();
    recordEverything(kafka);
    recorded.register();
    expect(kafka.isOn()).toBe(true);
    recordEverything(kafka);
    expect(Object.keys(await recorded.collect())).toHaveLength(7);
    expect((await recorded.points('messaging.client.consumed.messages'))[0]?.value).toBe(5);
  });

  it('moves to the one that is registered now, and makes the instruments of each once', async () => {
    const { provider, instruments } = doubledProvider();
    const kafka = new KafkaMetrics();
    metrics.setGlobalMeterProvider(provider);
    recordEverything(kafka);
    recordEverything(kafka);
    expect(instruments.getMeter).toHaveBeenCalledTimes(1);
    expect(instruments.createHistogram).toHaveBeenCalledTimes(3);
    expect(instruments.addCallback).toHaveBeenCalledTimes(1);
    const recordedByFirst = instruments.record.mock.calls.length;

    recorded.register();
    recordEverything(kafka);
    expect(instruments.record).toHaveBeenCalledTimes(recordedByFirst);
    expect(instruments.removeCallback.mock.calls).toEqual(instruments.addCallback.mock.calls);
    await recorded.one('nestjs.kafka.consumer.lag', 7);

    metrics.disable();
    expect(kafka.isOn()).toBe(false);
    recordEverything(kafka);
    expect((await recorded.points('messaging.client.consumed.messages'))[0]?.value).toBe(5);
  });

  it('takes one of another copy of the API that does nothing for one that is on', () => {
    const noop = createNoopMeter();
    const foreign = Object.create(noop) as Meter;
    metrics.setGlobalMeterProvider({ getMeter: () => foreign });
    const kafka = new KafkaMetrics();
    recordEverything(kafka);
    expect(kafka.isOn()).toBe(true);
  });

  it('is off with one that throws, which it reports and asks no second time', () => {
    const reports = recordReports();
    const getMeter = vi.fn<MeterProvider['getMeter']>(() => {
      throw new Error('broken');
    });
    metrics.setGlobalMeterProvider({ getMeter });
    const kafka = new KafkaMetrics();
    recordEverything(kafka);
    recordEverything(kafka);
    expect(kafka.isOn()).toBe(false);
    expect(getMeter).toHaveBeenCalledTimes(1);
    expect(reports).toEqual([expect.stringContaining('make the metric instruments')]);
  });

  it('never throws, whatever the instruments do', () => {
    const reports = recordReports();
    const { provider, instruments } = doubledProvider();
    const kafka = new KafkaMetrics();
    metrics.setGlobalMeterProvider(provider);
    for (const instrument of [instruments.add, instruments.record, instruments.addCallback]) {
      instrument.mockImplementation(() => {
        throw new Error('broken');
      });
    }
    expect(() => recordEverything(kafka)).not.toThrow();
    expect(reports).toEqual([
      expect.stringContaining('record a metric'),
      expect.stringContaining('keep the lag'),
    ]);
  });

  it('is one for the process', async () => {
    recorded.register();
    expect(kafkaMetrics).toBeInstanceOf(KafkaMetrics);
    kafkaMetrics.consumed(ATTRIBUTES, 2, ROOT_CONTEXT);
    await recorded.one('messaging.client.consumed.messages', 2);
  });
});

/** A meter provider that shows what it is called with. */
function doubledProvider() {
  const make = (): object => instruments;
  const instruments: DoubledInstruments = {
    add: vi.fn(),
    record: vi.fn(),
    addCallback: vi.fn(),
    removeCallback: vi.fn(),
    createCounter: vi.fn(make),
    createHistogram: vi.fn(make),
    createObservableGauge: vi.fn(make),
    getMeter: vi.fn(make),
  };
  return { provider: instruments as unknown as MeterProvider, instruments };
}

type Recording = Mock<(value: number, attributes?: unknown, context?: unknown) => void>;

interface DoubledInstruments {
  readonly add: Recording;
  readonly record: Recording;
  readonly addCallback: Mock<(callback: unknown) => void>;
  readonly removeCallback: Mock<(callback: unknown) => void>;
  readonly createCounter: Mock<() => object>;
  readonly createHistogram: Mock<() => object>;
  readonly createObservableGauge: Mock<() => object>;
  readonly getMeter: Mock<() => object>;
}
