import type { Message, Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { expectFailed } from '../support/expectations.js';
import { readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { refusalOf } from '../support/refusal.js';
import { traceparent } from '../support/trace-context.js';
import { plainProducer, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';

/** What kafkajs, or the broker for what kafkajs writes of it, refuses to have for headers. */
const REFUSED: readonly (readonly [what: string, headers: unknown])[] = [
  ['null in the place of headers', null],
  ['a header that is null', { a: null }],
  ['a header that is undefined', { a: undefined }],
  ['a header that is a number', { a: 7 }],
  ['a header that is an object', { a: { b: 'c' } }],
  ['a header that is a Buffer as JSON has it', { a: Buffer.from('b').toJSON() }],
  ['a header that is bytes, but no Buffer', { a: new Uint8Array([1, 2, 3]) }],
  ['a repeated header of which one value is null', { a: ['b', null] }],
  ['a traceparent that is null', { traceparent: null }],
  ['a traceparent that is undefined', { traceparent: undefined }],
  ['a traceparent that is a number', { TraceParent: 7 }],
  ['a traceparent that is bytes, but no Buffer', { traceparent: new Uint8Array([1, 2, 3]) }],
  ['a repeated traceparent of which one value is null', { traceparent: [traceparent(1), null] }],
  ['a state that is null beside a traceparent that is no good', { traceparent: 'x', tracestate: null }],
];

const SOUND = { value: 'sound', headers: { a: 'b', c: ['d', Buffer.from('e')] } };

type Send = (producer: Producer, topic: string, refused: Message) => Promise<unknown>;

const WAYS: readonly (readonly [how: string, send: Send])[] = [
  ['alone', (producer, topic, refused) => producer.send({ topic, messages: [refused] })],
  ['of several', (producer, topic, refused) => producer.send({ topic, messages: [SOUND, refused] })],
  [
    'of a batch',
    (producer, topic, refused) =>
      producer.sendBatch({
        topicMessages: [
          { topic, messages: [SOUND] },
          { topic, messages: [refused, SOUND] },
        ],
      }),
  ],
];

describe.each(WAYS)('a message that kafkajs refuses for its headers, %s', (_how, send) => {
  const spans = useTracing();
  const nextTopic = usePreparedTopics(1);

  it('is refused as without tracing, and its send span fails with that', async () => {
    const topic = nextTopic();
    const [traced, plain] = [await tracedProducer(), await plainProducer()];
    for (const [what, headers] of REFUSED) {
      spans.reset();
      const message = { value: 'v', headers } as Message;
      const refusal = await refusalOf(() => send(plain, topic, message));
      const refusalOfTraced = await refusalOf(() => send(traced, topic, message));
      expect({ what, refusal: refusalOfTraced }).toEqual({ what, refusal });

      const span = await spans.one(`send ${topic}`);
      const type = refusal?.name === 'TypeError' ? 'TypeError' : 'INVALID_RECORD';
      expectFailed(span, type, refusal?.message as string);
    }
  });
});

describe('a message that kafkajs refuses for its headers', () => {
  useTracing();
  const nextTopic = usePreparedTopics(1);

  it('keeps no context from the next one, whose headers are sound', async () => {
    const topic = nextTopic();
    const producer = await tracedProducer();
    await refusalOf(() => producer.send({ topic, messages: [{ value: 'v', headers: null as never }] }));
    await producer.send({ topic, messages: [SOUND] });
    const [message] = await readPlain(topic, 1);
    expect(message?.headers).toEqual({
      a: Buffer.from('b'),
      c: [Buffer.from('d'), Buffer.from('e')],
      traceparent: expect.any(Buffer),
    });
  });
});
