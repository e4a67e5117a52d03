import type { Message, ProducerBatch, ProducerRecord, TopicMessages } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import {
  batchWithHeaders,
  messagesOfBatch,
  messagesOfRecord,
  recordWithHeaders,
} from '../../lib/kafkajs/outgoing-messages.js';

const MESSAGE: Message = { value: 'v' };
const RECORD: ProducerRecord = { topic: 'orders', messages: [MESSAGE] };
const EMPTY: TopicMessages = { topic: 'stock', messages: [] };

/** What kafkajs refuses in its own words. */
const NO_RECORDS: readonly unknown[] = [
  undefined,
  null,
  'x',
  {},
  { topic: 'orders' },
  { topic: 7, messages: [MESSAGE] },
  { topic: 'orders', messages: {} },
  { topic: 'orders', messages: new Set([MESSAGE]) },
  { topic: 'orders', messages: [MESSAGE, null] },
  { topic: 'orders', messages: [MESSAGE, 'x'] },
];

describe('the messages of a record', () => {
  it('are those of its one topic', () => {
    const found = messagesOfRecord(RECORD);
    expect(found).toHaveLength(1);
    expect(found?.[0]).toBe(RECORD);
  });
});

describe('the messages of a batch', () => {
  it('are those of its topics, in their order, without the topics that have none', () => {
    const other = { topic: 'invoices', messages: [MESSAGE] };
    const found = messagesOfBatch({ topicMessages: [EMPTY, RECORD, EMPTY, other, RECORD] });
    expect(found).toHaveLength(3);
    [RECORD, other, RECORD].forEach((one, index) => expect(found?.[index]).toBe(one));
  });

  it.each(
    [undefined, null, 'x', {}, { topicMessages: null }, { topicMessages: {} }, { topicMessages: [] }].map(
      (batch) => [batch],
    ),
  )('are none of %j', (batch) => {
    expect(messagesOfBatch(batch)).toBeUndefined();
  });

  it.each(NO_RECORDS.map((record) => [record]))('are none where one topic has %j', (record) => {
    expect(messagesOfBatch({ topicMessages: [RECORD, record] })).toBeUndefined();
  });

  it('are none where no topic has any', () => {
    expect(messagesOfBatch({ topicMessages: [EMPTY, EMPTY] })).toBeUndefined();
  });
});

describe('a record with headers', () => {
  const given = { a: 'b' };

  it('is the same one where each message has them already', () => {
    const record = { topic: 'orders', messages: [{ value: '0', headers: given }, { value: '1' }] };
    expect(recordWithHeaders(record, [[given, undefined]])).toBe(record);
  });

  it('is a copy with a copy of the messages that get others, and the rest as it was', () => {
    const [kept, changed] = [
      { value: '0', headers: given },
      { key: 'k', value: '1', headers: given },
    ];
    const record = {
      topic: 'orders',
      acks: -1,
      timeout: 5,
      compression: 0,
      messages: [kept, changed],
      more: 1,
    };
    const headers = { traceparent: 't' };
    const copy = recordWithHeaders(record, [[given, headers]]);
    expect(copy).toEqual({ ...record, messages: [kept, { ...changed, headers }] });
    expect(copy.messages[0]).toBe(kept);
    expect(copy.messages[1]?.headers).toBe(headers);
    expect(record.messages).toEqual([kept, { key: 'k', value: '1', headers: given }]);
  });

  it('has the very message that kafkajs will refuse: it quotes that', () => {
    const refused = { key: 'k' } as Message;
    const record = { topic: 'orders', messages: [MESSAGE, refused] };
    const copy = recordWithHeaders(record, [[given, given]]);
    expect(copy.messages).toEqual([{ ...MESSAGE, headers: given }, { key: 'k' }]);
    expect(copy.messages[1]).toBe(refused);
  });

  it('is the same one where kafkajs will refuse all its messages', () => {
    const refused = [{ key: 'k' }, { value: 'v', headers: null }, { value: 'v', headers: { a: null } }];
    const record = { topic: 'orders', messages: refused as unknown as Message[] };
    expect(recordWithHeaders(record, [[given, given, given]])).toBe(record);
  });

  it.each<[what: string, prototype: object | null]>([
    ['of a class', { lane: () => 2 }],
    ['without a prototype', null],
  ])('has messages of the kind that they were: %s', (_what, prototype) => {
    const fields = { key: 'k', value: 'v', tenant: 'blue' };
    const message = Object.assign(Object.create(prototype) as Message, fields);
    const [copy] = recordWithHeaders({ topic: 'orders', messages: [message] }, [[given]]).messages;
    expect(copy).not.toBe(message);
    expect(Object.getPrototypeOf(copy)).toBe(prototype);
    expect({ ...copy }).toEqual({ ...fields, headers: given });
  });

  it('has no field that a message of a class has not', () => {
    class Tombstone {
      readonly value = null;
    }
    const [copy] = recordWithHeaders({ topic: 'orders', messages: [new Tombstone()] }, [[given]]).messages;
    expect(Object.keys(copy as Message)).toEqual(['value', 'headers']);
  });

  it('has what the getters of a message have computed, and computes it no more', () => {
    let computed = 0;
    class Order {
      get value(): string {
        computed += 1;
        return 'v';
      }
      get headers(): Record<string, string> {
        return {};
      }
      get timestamp(): string {
        return '1';
      }
    }
    const [copy] = recordWithHeaders({ topic: 'orders', messages: [new Order()] }, [[given]]).messages;
    expect(copy).toBeInstanceOf(Order);
    computed = 0;
    expect([copy?.value, copy?.value, copy?.timestamp, copy?.headers]).toEqual(['v', 'v', '1', given]);
    expect(computed).toBe(0);
  });
});

describe('a batch with headers', () => {
  const [first, second] = [{ a: '1' }, { a: '2' }];

  it('is the same one where each message has them already', () => {
    const batch = { topicMessages: [RECORD, EMPTY] };
    expect(batchWithHeaders(batch, [[undefined]])).toBe(batch);
  });

  it('gives each topic that has messages the next ones, and leaves the others as they are', () => {
    const stays = { topic: 'audit', messages: [{ value: 'v', headers: second }] };
    const batch: ProducerBatch = {
      acks: 1,
      timeout: 5,
      topicMessages: [EMPTY, RECORD, stays, EMPTY, RECORD],
    };
    const copy = batchWithHeaders(batch, [[first], [second], [second]]);
    expect(copy).toEqual({
      acks: 1,
      timeout: 5,
      topicMessages: [
        EMPTY,
        { topic: 'orders', messages: [{ value: 'v', headers: first }] },
        stays,
        EMPTY,
        { topic: 'orders', messages: [{ value: 'v', headers: second }] },
      ],
    });
    [0, 2, 3].forEach((index) => expect(copy.topicMessages?.[index]).toBe(batch.topicMessages?.[index]));
    expect(batch.topicMessages?.[1]).toBe(RECORD);
    expect(RECORD).toEqual({ topic: 'orders', messages: [{ value: 'v' }] });
  });

  it('keeps what else somebody gave to a topic', () => {
    const topicMessages = [{ ...RECORD, tenant: 'blue' }];
    expect(batchWithHeaders({ topicMessages }, [[first]]).topicMessages?.[0]).toEqual({
      topic: 'orders',
      tenant: 'blue',
      messages: [{ value: 'v', headers: first }],
    });
  });

  it('is the same one where it has no topics', () => {
    const batch = {};
    expect(batchWithHeaders(batch, [])).toBe(batch);
  });
});
