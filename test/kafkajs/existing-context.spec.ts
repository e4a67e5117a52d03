import type { IHeaders, Message } from 'kafkajs';
import { KafkaTracing, KafkaTracingModule } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { deepFrozen } from '../support/deep-frozen.js';
import { type Fate, type Wire, amongOthers, fatesOf, readInEach } from '../support/fates.js';
import { startContext } from '../support/nest-app.js';
import {
  type Combination,
  SAID_BY_NAME,
  freshTopics,
  handledAfter,
  inEach,
  sentAs,
} from '../support/policy-combinations.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';

/**
 * Messages that have headers when they are sent, and are not made of a message that is handled. Each test is over all
 * relations × trusts × existing contexts at once, with a topic for each combination.
 */

const spans = useTracing();

type Run = (work: () => Promise<unknown>) => Promise<unknown>;

/** Sends these to each topic, and waits until all of them are handled; returns what was on the wire. */
async function sendToEach(messages: readonly Partial<Message>[], run: Run = (work) => work()): Promise<Wire> {
  const [topics] = await freshTopics('orders');
  const producer = await tracedProducer(SAID_BY_NAME);
  await consume(tracedKafka(SAID_BY_NAME), topics.all, async () => {});
  const sends = topics.all.flatMap((topic) => messages.map((message) => ({ topic, message })));
  await run(() => Promise.all(sends.map(({ topic, message }) => sendOne(producer, topic, message))));
  await Promise.all(topics.all.map((topic) => spans.all(`process ${topic}`, messages.length)));
  return readInEach(topics, messages.length);
}

/** What became of the message with that key in each topic. */
function fates(key: string, wire: Wire): Readonly<Record<string, Fate>> {
  const caller = spans.named('caller')[0]?.spanContext();
  return fatesOf(key, wire, spans, () => ({ stranger: remoteSpan(1), other: remoteSpan(2), caller }));
}

/** With the context of its send, which is a child of what is active. */
function asOwn(combination: Combination, active?: string): Fate {
  return {
    sent: sentAs('PRODUCER', active),
    carried: { traceparent: 'send' },
    handled: handledAfter('send', combination),
  };
}

/** With the stranger's context where that is preserved. */
function asStrangers(combination: Combination, carried: Fate['carried'], active?: string): Fate {
  return combination.existingContext === 'overwrite'
    ? asOwn(combination, active)
    : {
        sent: sentAs('CLIENT', active ?? 'stranger', 'stranger'),
        carried,
        handled: handledAfter('stranger', combination),
      };
}

const STORED = { traceparent: traceparent(1), tracestate: 'a=1', baggage: 'tenant=blue' };
const STORED_CARRIED = { ...STORED, traceparent: 'stranger' };

describe('a row that a stranger wrote', () => {
  const row = deepFrozen({ key: 'row', headers: amongOthers(STORED) });
  const otherRow = { headers: { traceparent: traceparent(2) } };

  it.each<[where: string, active: string | undefined, run: (tracing: KafkaTracing) => Run]>([
    ['with no span active', undefined, () => (work) => work()],
    ['in a span', 'caller', () => (work) => inSpan('caller', work)],
    [
      'in the context of another row',
      'other',
      (tracing) => (work) => inSpan('poll', () => tracing.runInContextOf(otherRow, work)),
    ],
  ])(
    'that is relayed %s keeps its context, unless that is to be overwritten',
    async (_where, active, run) => {
      const wire = await sendToEach([row], run(await kafkaTracing()));
      expect(fates('row', wire)).toEqual(inEach((each) => asStrangers(each, STORED_CARRIED, active)));
    },
  );

  it('that is relayed in its own context continues that', async () => {
    const tracing = await kafkaTracing();
    const wire = await sendToEach([row], (work) => inSpan('poll', () => tracing.runInContextOf(row, work)));
    expect(fates('row', wire)).toEqual(
      inEach((each) => ({
        ...asOwn(each, 'stranger'),
        carried: { ...STORED, traceparent: 'send' }, // Its tracestate and baggage are active.
      })),
    );
  });
});

describe('a headers object that two sends share', () => {
  it.each<[what: string, context: IHeaders, fate: (combination: Combination) => Fate]>([
    ['no context', {}, asOwn],
    ["a stranger's context", STORED, (each) => asStrangers(each, STORED_CARRIED)],
  ])('with %s is left as it is, and each message has its own context', async (_what, context, fate) => {
    const headers = amongOthers(context);
    const keys = ['first', 'second'];
    const wire = await sendToEach(keys.map((key) => ({ key, headers })));
    expect(headers).toStrictEqual(amongOthers(context));
    expect(Object.keys(headers)).toEqual(Object.keys(amongOthers(context)));
    keys.forEach((key) => expect(fates(key, wire), `fates of \`${key}\``).toEqual(inEach(fate)));
  });
});

/** What a message has of contexts, and what of that is on the wire where it is preserved; nothing of one that is invalid. */
const SHAPES: Readonly<Record<string, readonly [context: IHeaders, carried?: Fate['carried']]>> = {
  'a name in upper case': [{ TRACEPARENT: traceparent(1) }, { TRACEPARENT: 'stranger' }],
  'bytes, and names in mixed case': [
    { TraceParent: Buffer.from(traceparent(1)), TraceState: 'a=1', Baggage: Buffer.from('tenant=blue') },
    { TraceParent: 'stranger', TraceState: 'a=1', Baggage: 'tenant=blue' },
  ],
  'a list of one': [{ traceparent: [traceparent(1)] }, { traceparent: 'stranger' }],
  repeated: [{ traceparent: [traceparent(2), Buffer.from(traceparent(1))] }, { traceparent: 'stranger' }],
  'repeated, the last invalid': [
    { traceparent: [traceparent(2), traceparent(1), Buffer.from([0xff])] },
    { traceparent: 'stranger' },
  ],
  'two letter cases': [
    { Traceparent: traceparent(2), traceparent: traceparent(1) },
    { traceparent: 'stranger' },
  ],
  'two letter cases, the last invalid': [
    { traceparent: [traceparent(2), traceparent(1)], TRACEPARENT: ['', 'garbage'] },
    { traceparent: 'stranger' },
  ],
  invalid: [{ traceparent: 'garbage' }],
  'invalid in every letter case, with what belongs to it': [
    { Traceparent: ['garbage', ''], TRACEPARENT: '', tracestate: 'a=1', Baggage: 'tenant=blue' },
  ],
};

describe('a traceparent of any shape', () => {
  it('is one on the wire, the last that is valid, or else that of the send', async () => {
    const messages = Object.entries(SHAPES).map(([key, [context]]) => ({
      key,
      headers: amongOthers(context),
    }));
    const wire = await sendToEach(deepFrozen(messages));
    for (const [key, [, carried]] of Object.entries(SHAPES)) {
      expect(fates(key, wire), `fates of \`${key}\``).toEqual(
        inEach((each) => (carried === undefined ? asOwn(each) : asStrangers(each, carried))),
      );
    }
  });
});

async function kafkaTracing(): Promise<KafkaTracing> {
  return (await startContext({ imports: [KafkaTracingModule.forRoot()] })).get(KafkaTracing);
}
