import * as fc from 'fast-check';
import type { Message } from 'kafkajs';
import { traceparent } from './trace-context.js';

/** What is sent, to topics by their names. */
export interface AnyRecord {
  readonly topic: string;
  readonly acks: number;
  readonly messages: readonly Message[];
}

const NOW = Date.now();

/** Records to topics with two partitions, most of which kafkajs can write. */
export function anyRecord(...topics: readonly string[]): fc.Arbitrary<AnyRecord> {
  return fc.record({
    topic: fc.constantFrom(...topics),
    acks: fc.constantFrom(-1, 0, 1),
    messages: fc.array(anyMessage(), { maxLength: 4 }),
  });
}

function anyMessage(): fc.Arbitrary<Message> {
  return fc.record(
    {
      key: fc.option(anyBytes(), { nil: null }),
      value: fc.option(anyBytes(), { nil: null }),
      headers: anyHeaders(),
      partition: fc.constantFrom(0, 1),
      timestamp: fc.integer({ min: NOW - 60_000, max: NOW }).map(String), // Else it is the time at which it is sent.
    },
    { requiredKeys: ['value', 'partition', 'timestamp'] },
  ) as fc.Arbitrary<Message>;
}

/** Headers of every shape that applications have; a few of them kafkajs refuses. */
function anyHeaders(): fc.Arbitrary<unknown> {
  const value = fc.oneof(anyBytes(), fc.array(anyBytes(), { maxLength: 3 }));
  const name = fc.constantFrom('a', 'tenant', 'Tenant', 'x-other', '7', '');
  const context = fc.constantFrom(
    {},
    {},
    { traceparent: traceparent(1) },
    { traceparent: 'x', tracestate: 'a=1' },
  );
  const sound = fc.tuple(fc.dictionary(name, value, { maxKeys: 4 }), context);
  const refused = fc.constantFrom<unknown>({ a: undefined }, { a: null }, { a: ['b', null] }, { a: 7 }, null);
  return fc.oneof(
    { weight: 9, arbitrary: sound.map(([own, preset]) => ({ ...own, ...preset })) },
    { weight: 1, arbitrary: refused },
  );
}

function anyBytes(): fc.Arbitrary<string | Buffer> {
  return fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('', '{"n":1}', '\u{1F980}'),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  );
}
