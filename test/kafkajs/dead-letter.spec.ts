import { propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { HandledMessage } from '../../lib/messages.js';
import { deadLetterOf } from '../../lib/kafkajs/dead-letter.js';
import { traceparent } from '../support/trace-context.js';
import { afterTest, useTracing } from '../support/tracing.js';

const BINARY = Buffer.from([0xff, 0x00, 0xfe]);

function handled(message: Partial<HandledMessage['message']> = {}): HandledMessage {
  const timestamp = '1700000000000';
  return {
    topic: 'orders',
    partition: 3,
    message: { key: null, value: null, offset: '42', timestamp, ...message },
  };
}

/** The one message of a dead letter. */
function letterOf(message: Partial<HandledMessage['message']>, error?: unknown, attempts = 1) {
  const [letter, ...others] = deadLetterOf(handled(message), error, { attempts }).messages;
  expect(others).toEqual([]);
  return { key: letter?.key, value: letter?.value, headers: letter?.headers ?? {} };
}

class Hostile extends Error {
  override get name(): never {
    throw new Error('no name');
  }

  override get message(): never {
    throw new Error('no message');
  }
}

function throwing(): never {
  throw new Error('no');
}

describe('a dead letter', () => {
  useTracing();

  it('has the bytes of the message, and what became of it', () => {
    const headers = { tenant: Buffer.from('a'), traceparent: Buffer.from(traceparent(1)) };
    const message = { key: Buffer.from('k'), value: BINARY, headers };
    expect(deadLetterOf(handled(message), new TypeError('no such order'), { attempts: 3 })).toEqual({
      topic: 'orders.dlt',
      messages: [
        {
          key: message.key,
          value: BINARY,
          headers: {
            ...headers,
            'x-original-topic': 'orders',
            'x-original-partition': '3',
            'x-original-offset': '42',
            'x-original-timestamp': '1700000000000',
            'x-original-traceparent': traceparent(1),
            'x-error-type': 'TypeError',
            'x-error-message': 'no such order',
            'x-delivery-attempt': '3',
          },
        },
      ],
    });
  });

  it('goes where it is told to', () => {
    expect(deadLetterOf(handled(), new Error('no'), { attempts: 1, topic: 'orders.retry' }).topic).toBe(
      'orders.retry',
    );
  });

  it('leaves the message as it was, and shares no headers with it', () => {
    const headers = Object.freeze({ many: Object.freeze([Buffer.from('a'), Buffer.from('b')]) });
    const message = Object.freeze({ ...handled().message, headers });
    const [letter] = deadLetterOf({ ...handled(), message }, new Error('no'), { attempts: 1 }).messages;
    expect(letter?.headers).not.toBe(headers);
    expect(letter?.headers?.['many']).not.toBe(headers.many);
    expect(letter?.headers?.['many']).toEqual(headers.many);
  });

  it.each<[what: string, headers: Record<string, unknown>, kept: Record<string, unknown>]>([
    ['binary ones', { a: BINARY }, { a: BINARY }],
    ['repeated ones', { a: [BINARY, Buffer.from('x')] }, { a: [BINARY, Buffer.from('x')] }],
    ['empty ones', { a: Buffer.alloc(0), b: '' }, { a: Buffer.alloc(0), b: '' }],
    ['not null ones, which kafkajs refuses', { a: null, b: undefined, c: 'c' }, { c: 'c' }],
    ['of repeated ones those that are not null', { a: [null, BINARY, null], b: [null] }, { a: [BINARY] }],
    [
      'parsed ones as text',
      { a: { n: 1 }, b: [1, 'x'], c: true },
      { a: '{"n":1}', b: ['1', 'x'], c: 'true' },
    ],
  ])('keeps headers: %s', (_what, headers, kept) => {
    const letter = Object.entries(letterOf({ headers }).headers).filter(([name]) => !name.startsWith('x-'));
    expect(Object.fromEntries(letter)).toEqual(kept);
  });

  it('keeps headers whose names are those of every object', () => {
    const headers = JSON.parse('{"__proto__":"p","constructor":"c","toString":"s"}') as object;
    const letter = letterOf({ headers: { ...headers } }).headers;
    expect(Object.entries(letter).slice(0, 3)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['toString', 's'],
    ]);
    expect(Object.getPrototypeOf(letter)).toBe(Object.prototype);
  });

  it.each<[what: string, given: unknown, sent: unknown]>([
    ['bytes', BINARY, BINARY],
    ['no bytes', Buffer.alloc(0), Buffer.alloc(0)],
    ['a tombstone', null, null],
    ['nothing', undefined, null],
    ['text that was parsed', 'text', 'text'],
    ['JSON that was parsed', { id: 1, of: ['a'] }, '{"id":1,"of":["a"]}'],
  ])('has a key and a value that kafkajs takes: %s', (_what, given, sent) => {
    const { key, value } = letterOf({ key: given as Buffer, value: given as Buffer });
    expect([key, value]).toEqual([sent, sent]);
  });

  it('leaves out what is not known', () => {
    const { headers } = letterOf({ timestamp: undefined as never });
    expect(headers).not.toHaveProperty('x-original-timestamp');
    expect(headers).not.toHaveProperty('x-original-traceparent');
  });

  it('keeps where the message was first, and says what became of it last', () => {
    const first = letterOf({ headers: { traceparent: traceparent(1) } }, new TypeError('first'), 2);
    const headers = { ...first.headers, traceparent: traceparent(2) };
    const again = {
      topic: 'orders.dlt',
      partition: 0,
      message: { ...handled().message, offset: '7', timestamp: '1', headers },
    };
    const record = deadLetterOf(again, new RangeError('second'), { attempts: 5 });
    expect(record.topic).toBe('orders.dlt.dlt');
    expect(record.messages[0]?.headers).toEqual({
      ...headers,
      'x-error-type': 'RangeError',
      'x-error-message': 'second',
      'x-delivery-attempt': '5',
    });
  });

  it.each<[what: string, error: unknown, type: string, message: string]>([
    ['an error', new TypeError('no'), 'TypeError', 'no'],
    ['with a cause', new Error('outer', { cause: new RangeError('inner') }), 'RangeError', 'outer'],
    ['what a filter of Nest makes', { status: 'error', message: 'Forbidden' }, '_OTHER', 'Forbidden'],
    ['an object without words', {}, '_OTHER', ''],
    ['text', 'no more', '_OTHER', 'no more'],
    ['undefined', undefined, '_OTHER', 'undefined'],
    ['null', null, '_OTHER', 'null'],
    ['a number', 7, '_OTHER', '7'],
    ['a symbol', Symbol('no'), '_OTHER', 'Symbol(no)'],
    ['an error that throws', new Hostile(), '_OTHER', ''],
  ])('says why: %s', (_what, error, type, message) => {
    const { headers } = letterOf({}, error);
    expect([headers['x-error-type'], headers['x-error-message']]).toEqual([type, message]);
  });

  it.each<[what: string, message: string, kept: string]>([
    ['that fit', 'x'.repeat(256), 'x'.repeat(256)],
    ['of one byte', 'x'.repeat(257), 'x'.repeat(256)],
    ['of two bytes', 'ü'.repeat(200), 'ü'.repeat(128)],
    ['of two bytes, after one of one', `x${'ü'.repeat(200)}`, `x${'ü'.repeat(127)}`],
    ['of three bytes', '€'.repeat(200), '€'.repeat(85)],
    ['of four bytes', `x${'😀'.repeat(100)}`, `x${'😀'.repeat(63)}`],
    ['that stand for bytes which are no text', '\uFFFD'.repeat(100), '\uFFFD'.repeat(85)],
  ])('has as many whole characters of the reason as 256 bytes hold: %s', (_what, message, kept) => {
    expect(letterOf({}, new Error(message)).headers['x-error-message']).toBe(kept);
  });

  it('is made also where a propagator throws', () => {
    propagation.disable();
    propagation.setGlobalPropagator({ inject: throwing, extract: throwing, fields: () => [] });
    afterTest(() => propagation.disable());
    const { headers } = letterOf({ headers: { traceparent: traceparent(1) } });
    expect(headers['traceparent']).toBe(traceparent(1));
    expect(headers['x-original-topic']).toBe('orders');
  });
});
