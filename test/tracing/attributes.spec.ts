import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/resolve-options.js';
import { type DescribedMessage, type KafkaEndpoint, SpanAttributes } from '../../lib/tracing/attributes.js';

const ENDPOINT: KafkaEndpoint = { clientId: 'orders', brokers: ['kafka.test:9092'] };
const OF_TOPIC = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
  'messaging.destination.name': 'topic',
  'messaging.client.id': 'orders',
  'server.address': 'kafka.test',
  'server.port': 9092,
};
const attributesWith = (semconv: 'latest' | 'both') => new SpanAttributes(resolveOptions({ semconv }));
const describeTopic = (endpoint: KafkaEndpoint, partition?: number) =>
  attributesWith('latest').ofTopic(endpoint, 'send', 'topic', undefined, partition);
const describeMessage = (message: DescribedMessage) => attributesWith('latest').ofMessage(message, true);

describe('SpanAttributes', () => {
  it("have the newer names only, with 'latest'", () => {
    expect(describeTopic(ENDPOINT, 3)).toEqual({ ...OF_TOPIC, 'messaging.destination.partition.id': '3' });
    const headers = { kafka_correlationId: 'c-1' };
    expect(describeMessage({ key: 'k', value: null, partition: 3, offset: '42', headers })).toEqual({
      'kafka.message.key': 'k',
      'kafka.message.tombstone': true,
      'messaging.message.conversation_id': 'c-1',
      'kafka.offset': 42,
    });
  });

  it("have both names, with 'both'", () => {
    const attributes = attributesWith('both');
    const endpoint = { ...ENDPOINT, groupId: 'group' };
    expect(attributes.ofTopic(endpoint, 'process', 'topic', undefined, 0)).toEqual({
      ...OF_TOPIC,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'group',
      'messaging.destination.partition.id': '0',
      'messaging.system': 'kafka',
    });
    expect(attributes.ofMessage({ key: 'k', value: null, offset: '0' }, true)).toEqual({
      'kafka.message.key': 'k',
      'messaging.kafka.message.key': 'k',
      'kafka.message.tombstone': true,
      'messaging.kafka.message.tombstone': true,
      'kafka.offset': 0,
      'messaging.kafka.offset': 0,
    });
    expect(attributes.ofPosition(1, '7')).toEqual({
      'messaging.destination.partition.id': '1',
      'kafka.offset': 7,
      'messaging.kafka.offset': 7,
    });
  });

  it('say only what is known', () => {
    const {
      'messaging.client.id': _id,
      'server.address': _address,
      'server.port': _port,
      ...known
    } = OF_TOPIC;
    expect(describeTopic({})).toEqual(known);
    expect(describeTopic({}, null as never)).toEqual(known);
    expect(describeMessage({ value: 'v' })).toEqual({});
    expect(attributesWith('both').ofPosition(undefined, undefined)).toEqual({});
  });

  it.each<[what: string, key: unknown, written: string | undefined]>([
    ['a string', 'k-1', 'k-1'],
    ['an empty string', '', ''],
    ['256 characters', 'x'.repeat(256), 'x'.repeat(256)],
    ['257 characters', 'x'.repeat(257), undefined],
    ['a Buffer of UTF-8', Buffer.from('käse'), 'käse'],
    ['a Buffer of 256 long characters', Buffer.from('ä'.repeat(256)), 'ä'.repeat(256)],
    ['a Buffer of 257 characters', Buffer.from('x'.repeat(257)), undefined],
    ['a Buffer of very many characters', Buffer.from('x'.repeat(1_025)), undefined],
    ['a binary Buffer', Buffer.from([0xff, 0xfe]), undefined],
    ['null', null, undefined],
    ['undefined', undefined, undefined],
    ['an object', { id: 1 }, undefined],
  ])('have the key as text where it is one: %s', (_what, key, written) => {
    expect(describeMessage({ key })['kafka.message.key']).toBe(written);
  });

  it.each([[Buffer.from('')], [''], [undefined], [0]])('take %j for no tombstone', (value) => {
    expect(describeMessage({ value })).not.toHaveProperty('kafka.message.tombstone');
  });

  it.each<[what: string, headers: unknown, written: string | undefined]>([
    ['text', { kafka_correlationId: 'c' }, 'c'],
    ['a Buffer', { kafka_correlationId: Buffer.from('c') }, 'c'],
    ['256 characters', { kafka_correlationId: 'c'.repeat(256) }, 'c'.repeat(256)],
    ['257 characters', { kafka_correlationId: 'c'.repeat(257) }, undefined],
    ['a Buffer of very many characters', { kafka_correlationId: Buffer.alloc(900_000, 'c') }, undefined],
    ['a binary Buffer', { kafka_correlationId: Buffer.from([0xff, 0xfe]) }, undefined],
    ['null', { kafka_correlationId: null }, undefined],
    ['no such header', {}, undefined],
    ['no headers', undefined, undefined],
    ['headers that are none', 'kafka_correlationId', undefined],
  ])('have the conversation of a request: %s', (_what, headers, written) => {
    expect(describeMessage({ headers })['messaging.message.conversation_id']).toBe(written);
  });

  it.each<[brokers: readonly string[] | undefined, address: string | undefined, port: number | undefined]>([
    [['kafka.test:9092'], 'kafka.test', 9092],
    [['127.0.0.1:1'], '127.0.0.1', 1],
    [['[::1]:9092'], '::1', 9092],
    [['kafka.test'], 'kafka.test', undefined],
    [['a:1', 'b:2'], undefined, undefined],
    [[], undefined, undefined],
    [undefined, undefined, undefined],
  ])('name the server only where there is exactly one: %j', (brokers, address, port) => {
    const attributes = describeTopic({ brokers });
    expect([attributes['server.address'], attributes['server.port']]).toEqual([address, port]);
  });

  it('are built once for an endpoint and an operation, whatever the topic', () => {
    const attributes = attributesWith('latest');
    let built = 0;
    const endpoint: KafkaEndpoint = {
      clientId: 'orders',
      get brokers() {
        built += 1;
        return ['kafka.test:9092'];
      },
    };
    for (const topic of ['orders', 'payments', 'orders']) {
      expect(attributes.ofTopic(endpoint, 'send', topic, undefined)).toMatchObject({
        'messaging.operation.name': 'send',
        'messaging.destination.name': topic,
        'server.address': 'kafka.test',
      });
    }
    expect(attributes.ofTopic(endpoint, 'send', undefined, undefined)).not.toHaveProperty(
      'messaging.destination.name',
    );
    expect(built).toBe(1);
    expect(attributes.ofTopic(endpoint, 'process', 'orders', undefined)).toMatchObject({
      'messaging.operation.name': 'process',
    });
    expect(built).toBe(2);
  });

  it('are new for each message', () => {
    const attributes = attributesWith('latest');
    const [one, ofOne] = [
      attributes.ofTopic(ENDPOINT, 'send', 'topic', undefined),
      attributes.ofMessage({ key: 'k' }, true),
    ];
    one['mine'] = ofOne['mine'] = 'x';
    expect(attributes.ofTopic(ENDPOINT, 'send', 'topic', undefined)).toEqual(OF_TOPIC);
    expect(attributes.ofMessage({}, true)).toEqual({});
  });
});
