import { runInNewContext } from 'node:vm';
import { KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { errorMessage, errorType } from '../../lib/tracing/error-type.js';

class OrderError extends Error {
  override readonly name = 'OrderError';
}

const UNKNOWN_TOPIC = new KafkaJSProtocolError(
  Object.assign(new Error('no such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3 }),
);

describe('errorType', () => {
  it.each<[what: string, error: unknown, type: string]>([
    ['an error', new Error('secret'), 'Error'],
    ['an error of a class', new OrderError('secret'), 'OrderError'],
    ['an error without a name', Object.assign(new Error('secret'), { name: '' }), '_OTHER'],
    [
      'the deepest of its causes',
      new Error('a', { cause: new TypeError('b', { cause: new OrderError() }) }),
      'OrderError',
    ],
    ['a cause that is no error', new OrderError('a', { cause: 'b' }), 'OrderError'],
    ["the broker's own code", UNKNOWN_TOPIC, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['what kafkajs gave up on', givenUpOn(UNKNOWN_TOPIC), 'UNKNOWN_TOPIC_OR_PARTITION'],
    [
      'a protocol error without a code',
      Object.assign(new Error('x'), { name: 'KafkaJSProtocolError' }),
      'KafkaJSProtocolError',
    ],
    ['the type of any other error', Object.assign(new Error('x'), { type: 'secret' }), 'Error'],
    ['an error whose name is no string', Object.assign(new Error('secret'), { name: 7 }), '_OTHER'],
    ['an error whose name throws', throwing(), '_OTHER'],
    ['a string', 'secret', '_OTHER'],
    ["Nest's plain object", { status: 'error', message: 'secret' }, '_OTHER'],
    ['undefined', undefined, '_OTHER'],
    ['null', null, '_OTHER'],
  ])('is taken from %s', (_what, error, type) => {
    expect(errorType(error)).toBe(type);
  });

  it('ends on causes that go round in a circle', () => {
    const one = new OrderError('one');
    const other = new TypeError('other', { cause: one });
    one.cause = other;
    expect(['OrderError', 'TypeError']).toContain(errorType(one));
    const itself = new OrderError('itself');
    itself.cause = itself;
    expect(errorType(itself)).toBe('OrderError');
  });
});

describe('errorType, where names are made up on the fly', () => {
  it('tells the first 200 apart, and all broker codes', async () => {
    vi.resetModules();
    const fresh = await import('../../lib/tracing/error-type.js');
    const named = (name: string) => fresh.errorType(Object.assign(new Error('x'), { name }));
    const ofBroker = (type: string) =>
      fresh.errorType(Object.assign(new Error('x'), { name: 'KafkaJSProtocolError', type }));

    const types = Array.from({ length: 10_000 }, (_, number) => named(`Order${number}Error`));
    expect(types.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, number) => `Order${number}Error`));
    expect(new Set(types.slice(200))).toEqual(new Set(['_OTHER']));
    expect([named('Order7Error'), named('TypeError')]).toEqual(['Order7Error', '_OTHER']);

    expect(ofBroker('UNKNOWN_TOPIC_OR_PARTITION')).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    const codes = new Set(Array.from({ length: 10_000 }, (_, number) => ofBroker(`CODE_${number}`)));
    expect(codes.size).toBe(200);
    expect(ofBroker('UNKNOWN_TOPIC_OR_PARTITION')).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});

describe('errorMessage', () => {
  it.each<[what: string, error: unknown, message: string]>([
    ['an error', new Error('broken'), 'broken'],
    ["Nest's plain object", { status: 'error', message: 'broken' }, 'broken'],
    ['an object whose message is no string', { message: 7 }, ''],
    ['an object without one', {}, ''],
    ['a string', 'broken', 'broken'],
    ['a symbol', Symbol('broken'), 'Symbol(broken)'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
  ])('is that of %s', (_what, error, message) => {
    expect(errorMessage(error)).toBe(message);
  });
});

function throwing(): Error {
  return Object.defineProperty(new Error('secret'), 'name', {
    get: () => {
      throw new Error('no name');
    },
  });
}

function givenUpOn(cause: Error): Error {
  return new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 });
}

describe('an error of another realm', () => {
  it('has its type and its message, as one that Node makes while Jest runs a test', () => {
    const foreign = runInNewContext(
      "new RangeError('too much', { cause: new TypeError('wrong') })",
    ) as unknown;
    expect(foreign instanceof Error).toBe(false);
    expect([errorType(foreign), errorMessage(foreign)]).toEqual(['TypeError', 'too much']);
  });
});
