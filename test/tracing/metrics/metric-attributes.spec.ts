import { describe, expect, it } from 'vitest';
import type { KafkaEndpoint } from '../../../lib/tracing/attributes.js';
import { MetricAttributes } from '../../../lib/tracing/metrics/metric-attributes.js';

const PRODUCER: KafkaEndpoint = { clientId: 'orders', brokers: ['kafka.test:9092'] };
const CONSUMER: KafkaEndpoint = { ...PRODUCER, groupId: 'group' };
const SERVER = { 'server.address': 'kafka.test', 'server.port': 9092 };

describe('MetricAttributes', () => {
  it('say what is sent where, in the latest names only, and nothing of single messages and clients', () => {
    expect(new MetricAttributes().of(PRODUCER, 'send', 'orders')).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      ...SERVER,
    });
  });

  it('have the consumer group, and no operation type where the conventions ask for none', () => {
    expect(new MetricAttributes().of(CONSUMER, 'process', 'orders')).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'orders',
      'messaging.consumer.group.name': 'group',
      ...SERVER,
    });
  });

  it('say what is known of an operation on no topic', () => {
    expect(new MetricAttributes().of({}, 'send_offsets', undefined)).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send_offsets',
      'messaging.operation.type': 'settle',
    });
  });

  it('have a template in the place of the topics that it stands for', () => {
    const attributes = new MetricAttributes();
    const ofTemplate = attributes.of(PRODUCER, 'send', 'replies-1', 'replies-{instance}');
    expect(ofTemplate).toMatchObject({ 'messaging.destination.template': 'replies-{instance}' });
    expect(ofTemplate).not.toHaveProperty('messaging.destination.name');
    expect(attributes.of(PRODUCER, 'send', 'replies-2', 'replies-{instance}')).toBe(ofTemplate);
    expect(attributes.of(PRODUCER, 'send', 'replies-{instance}')).toMatchObject({
      'messaging.destination.name': 'replies-{instance}',
    });
  });

  it('name no server where there are several', () => {
    const attributes = new MetricAttributes().of({ brokers: ['a:1', 'b:2'] }, 'send', 'orders');
    expect(Object.keys(attributes).filter((name) => name.startsWith('server.'))).toEqual([]);
  });

  it('are built once for an endpoint, operation and topic, and cannot be changed', () => {
    const attributes = new MetricAttributes();
    const first = attributes.of(PRODUCER, 'send', 'orders');
    expect(attributes.of(PRODUCER, 'send', 'orders')).toBe(first);
    expect(attributes.of(PRODUCER, 'send', 'payments')).not.toBe(first);
    expect(attributes.of(PRODUCER, 'process', 'orders')).not.toBe(first);
    expect(attributes.of(CONSUMER, 'send', 'orders')).not.toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });
});
