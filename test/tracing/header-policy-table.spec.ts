import { type Context, ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api';
import { AlwaysOnSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import type { ExistingContext, Relation, Trust } from '../../lib/topic.options.js';
import { resolveOptions } from '../../lib/resolve-options.js';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { KafkaTracer } from '../../lib/tracing/kafka-tracer.js';
import { type Cast, type SpanOutcome, outcomeOf } from '../support/outcome.js';
import { remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { tracer, useTracing } from '../support/tracing.js';

/**
 * Every shape of headers × relation × trust × existing context: what the process span of such a message is, and what becomes
 * of the headers when they are sent from five places. What is expected is worked out here, from the words of the
 * specification and from what each shape says of itself; nothing of the library is asked.
 */

/** What headers look like, and what they say. Whichever span they name is the remote span 1; 3 is one that is outdone. */
interface Shape {
  readonly what: string;
  readonly headers: Readonly<Record<string, unknown>> | null | undefined;
  /** Whether they name a span. */
  readonly isValid?: true;
  readonly tracestate?: string;
  readonly baggage?: string;
  /** Whether they name the span of a dead letter's first life: the remote span 2. */
  readonly isDeadLetter?: true;
  /** What goes out where they are kept, if it is not the very same object. */
  readonly kept?: Readonly<Record<string, unknown>>;
}

const text = (number: number): string => traceparent(number);
const bytes = (number: number): Buffer => Buffer.from(traceparent(number));

const SHAPES: readonly Shape[] = [
  { what: 'no headers', headers: undefined },
  { what: 'null', headers: null },
  { what: 'empty headers', headers: {} },
  {
    what: 'other headers, repeated and binary',
    headers: { text: 't', binary: Buffer.from([0xff, 0]), list: ['1', Buffer.from('2')] },
  },
  { what: 'a header that is null and one that is undefined', headers: { a: null, b: undefined, c: 'c' } },
  { what: 'a string', headers: { a: 'a', traceparent: text(1), b: 'b' }, isValid: true },
  { what: 'a Buffer', headers: { traceparent: bytes(1), a: 'a' }, isValid: true },
  { what: 'an array of one', headers: { traceparent: [bytes(1)], a: 'a' }, isValid: true },
  {
    what: 'an array of Buffers',
    headers: { a: 'a', traceparent: [bytes(3), bytes(1)], list: ['1', '2'] },
    isValid: true,
    kept: { a: 'a', traceparent: text(1), list: ['1', '2'] },
  },
  {
    what: 'an array whose last is invalid',
    headers: { traceparent: [text(3), text(1), 'garbage'], a: Buffer.from([0x80]) },
    isValid: true,
    kept: { traceparent: text(1), a: Buffer.from([0x80]) },
  },
  {
    what: "what Nest's parser joins with a comma",
    headers: { traceparent: `${text(3)},${text(1)}`, list: '1,2' },
    isValid: true,
    kept: { traceparent: text(1), list: '1,2' },
  },
  {
    what: 'what JSON makes of a Buffer',
    headers: { traceparent: bytes(1).toJSON(), a: 'a' },
    isValid: true,
    kept: { traceparent: text(1), a: 'a' },
  },
  { what: 'a name in upper case', headers: { TRACEPARENT: text(1), A: 'a' }, isValid: true },
  {
    what: 'two letter cases',
    headers: { Traceparent: text(3), a: 'a', traceparent: text(1) },
    isValid: true,
    kept: { a: 'a', traceparent: text(1) },
  },
  { what: 'a value in upper case', headers: { traceparent: text(1).toUpperCase(), a: 'a' } },
  { what: 'garbage', headers: { a: 'a', traceparent: 'garbage' } },
  { what: 'a traceparent that is null', headers: { traceparent: null, a: 'a' } },
  { what: 'a traceparent that is undefined', headers: { traceparent: undefined, a: 'a' } },
  { what: 'an empty list', headers: { traceparent: [], a: 'a' } },
  { what: 'an empty string', headers: { traceparent: '' } },
  { what: 'a trace id of zeros', headers: { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` } },
  { what: 'a span id of zeros', headers: { traceparent: `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01` } },
  { what: 'version ff, which never will be', headers: { traceparent: text(1).replace(/^00/, 'ff') } },
  { what: 'version 00 with something behind', headers: { traceparent: `${text(1)}-more` } },
  {
    what: 'a version to come',
    headers: { traceparent: `${text(1).replace(/^00/, '01')}-more` },
    isValid: true,
  },
  { what: 'a span that is not sampled', headers: { traceparent: traceparent(1, 0) }, isValid: true },
  {
    what: 'a tracestate',
    headers: { traceparent: text(1), tracestate: 'a=1,b=2' },
    isValid: true,
    tracestate: 'a=1,b=2',
  },
  {
    what: 'a tracestate and a baggage as Buffers, in other letter cases',
    headers: {
      TraceState: Buffer.from('a=1'),
      x: Buffer.from([1]),
      Baggage: Buffer.from('tenant=a'),
      TraceParent: bytes(1),
    },
    isValid: true,
    tracestate: 'a=1',
    baggage: 'tenant=a',
  },
  { what: 'a tracestate alone', headers: { tracestate: 'a=1', a: 'a' } },
  { what: 'a tracestate beside garbage', headers: { traceparent: 'garbage', tracestate: 'a=1' } },
  { what: 'a baggage alone', headers: { baggage: 'tenant=a', a: 'a' }, baggage: 'tenant=a' },
  {
    what: 'a baggage alone, as a Buffer in another letter case',
    headers: { a: 'a', Baggage: Buffer.from('tenant=a') },
    baggage: 'tenant=a',
  },
  {
    what: 'a baggage beside garbage',
    headers: { traceparent: 'garbage', baggage: 'tenant=a' },
    baggage: 'tenant=a',
  },
  {
    what: 'a traceparent and a baggage',
    headers: { traceparent: bytes(1), baggage: 'tenant=a' },
    isValid: true,
    baggage: 'tenant=a',
  },
  {
    what: 'a dead letter',
    headers: { traceparent: text(1), 'x-original-traceparent': bytes(2) },
    isValid: true,
    isDeadLetter: true,
  },
  {
    what: 'a dead letter without a span of its own',
    headers: { 'x-original-traceparent': text(2), 'x-original-topic': 't' },
    isDeadLetter: true,
  },
  {
    what: 'a dead letter whose first life is garbage',
    headers: { traceparent: text(1), 'x-original-traceparent': 'garbage' },
    isValid: true,
  },
];

interface Cell {
  readonly relation: Relation;
  readonly trust: Trust;
  readonly existingContext: ExistingContext;
}

const CELLS: readonly Cell[] = (['both', 'parent', 'link'] as const).flatMap((relation) =>
  (['continue', 'restart', 'ignore'] as const).flatMap((trust) =>
    (['preserve', 'overwrite'] as const).map((existingContext) => ({ relation, trust, existingContext })),
  ),
);

/** Where the headers are sent from. */
const PLACES = [
  'where no span is active',
  'in a caller',
  'while their own message is handled',
  'while another message is handled',
] as const;
type Place = (typeof PLACES)[number];

interface ProcessOutcome extends SpanOutcome {
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
}

interface SendOutcome extends SpanOutcome {
  readonly headers: unknown;
  /** Of the headers that are not the propagator's, in their order. */
  readonly others: readonly string[];
  readonly isSameObject: boolean;
}

/* What the specification says. */

/** Trust outranks relation. */
function expectedProcess(shape: Shape, { relation, trust }: Cell, isAmbient: boolean): ProcessOutcome {
  const isChild = trust === 'continue' && relation !== 'link' && shape.isValid === true;
  const isLinked = { continue: relation !== 'parent', restart: true, ignore: false }[trust];
  return {
    kind: 'CONSUMER',
    parent: isChild ? 'carried' : undefined,
    links: [
      ...(isLinked && shape.isValid ? ['carried'] : []),
      ...(isAmbient ? ['ambient'] : []), // Of this process, so that it is no matter of trust.
      ...(shape.isDeadLetter && trust !== 'ignore' ? ['first life'] : []),
    ],
    tracestate: isChild ? shape.tracestate : undefined,
    baggage: trust === 'continue' ? shape.baggage : undefined,
  };
}

function expectedSend(shape: Shape, cell: Cell, place: Place): SendOutcome {
  const isEcho = place === 'while their own message is handled';
  const isKept = shape.isValid === true && cell.existingContext === 'preserve' && !isEcho;
  const handled = expectedProcess(shape, cell, false);
  const active = {
    'where no span is active': { parent: isKept ? 'carried' : undefined },
    'in a caller': { parent: 'caller', baggage: 'caller=1' },
    'while their own message is handled': { ...handled, parent: 'process' },
    'while another message is handled': {
      parent: 'process of the other',
      baggage: cell.trust === 'continue' ? 'other=1' : undefined,
    },
  }[place] as { parent?: string; baggage?: string; tracestate?: string };
  const headers = isKept ? (shape.kept ?? shape.headers) : replaced(shape.headers ?? {}, active, isEcho);
  return {
    kind: isKept ? 'CLIENT' : 'PRODUCER',
    parent: active.parent,
    links: [...(isKept ? ['carried'] : []), ...(shape.isDeadLetter ? ['first life'] : [])],
    headers,
    others: othersIn(headers),
    isSameObject: isKept && shape.kept === undefined,
  };
}

const PROPAGATED = ['traceparent', 'tracestate', 'baggage'];

/** A lone baggage stays where none is written, and is no echo; what belongs to a stale span goes with it. */
function replaced(
  headers: Readonly<Record<string, unknown>>,
  active: { readonly tracestate?: string | undefined; readonly baggage?: string | undefined },
  isEcho: boolean,
): Readonly<Record<string, unknown>> {
  const written: Record<string, unknown> = { traceparent: 'of this send' };
  if (active.tracestate !== undefined) written['tracestate'] = active.tracestate;
  if (active.baggage !== undefined) written['baggage'] = active.baggage;
  const stale = isEcho ? PROPAGATED : ['traceparent', 'tracestate'];
  const isStale = Object.keys(headers).some((name) => stale.includes(name.toLowerCase()));
  const gone = isStale ? PROPAGATED : Object.keys(written);
  const stays = Object.entries(headers).filter(([name]) => !gone.includes(name.toLowerCase()));
  return { ...Object.fromEntries(stays), ...written };
}

function othersIn(headers: unknown): readonly string[] {
  return Object.keys(headers ?? {}).filter((name) => !PROPAGATED.includes(name.toLowerCase()));
}

/* What the library does. */

const ENDPOINT = {};

describe.each(SHAPES)('headers of the shape: $what', (shape) => {
  const spans = useTracing({ sampler: new AlwaysOnSampler() });
  const headers = deepFrozen(shape.headers);

  it.each(CELLS)(
    'relation $relation, trust $trust, existing context $existingContext',
    ({ relation, trust, existingContext }) => {
      const cell = { relation, trust, existingContext };
      const kafka = new KafkaTracer(resolveOptions(cell));

      expect(handle(kafka)).toStrictEqual(expectedProcess(shape, cell, false));
      expect(handle(kafka, 'ambient')).toStrictEqual(expectedProcess(shape, cell, true));
      for (const place of PLACES) {
        expect(send(kafka, place), `sent ${place}`).toStrictEqual(expectedSend(shape, cell, place));
      }
    },
  );

  function handle(kafka: KafkaTracer, ambient?: 'ambient'): ProcessOutcome {
    const around = ambient === undefined ? undefined : tracer().startSpan(ambient);
    const active = around === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, around);
    const delivery = context.with(active, () =>
      kafka.startProcess({ endpoint: ENDPOINT, topic: 'orders', partition: 0, message: { headers } }),
    );
    delivery.end();
    around?.end();
    const span = ended('process orders');
    return {
      ...outcomeOf(span, { ...REMOTE, ambient: around?.spanContext() }),
      tracestate: span.spanContext().traceState?.serialize(),
      baggage: baggageOf(delivery.context),
    };
  }

  function send(kafka: KafkaTracer, place: Place): SendOutcome {
    const { active, cast } = activeIn(kafka, place);
    const sending = context.with(active, () => kafka.startSend(ENDPOINT, 'orders', { headers }));
    sending.succeeded([]);
    const span = ended('send orders');
    const [[sent]] = sending.headers as [[Readonly<Record<string, unknown>> | null | undefined]];
    return {
      ...outcomeOf(span, { ...REMOTE, ...cast }),
      headers: withoutIds(sent, span),
      others: othersIn(sent),
      isSameObject: sent === headers,
    };
  }

  function activeIn(kafka: KafkaTracer, place: Place): { active: Context; cast: Cast } {
    if (place === 'in a caller') {
      const caller = tracer().startSpan('caller');
      caller.end();
      const active = withBaggage(trace.setSpan(ROOT_CONTEXT, caller), { caller: '1' });
      return { active, cast: { caller: caller.spanContext() } };
    }
    if (place === 'while their own message is handled') {
      return handling(kafka, headers, 'process');
    }
    return place === 'while another message is handled'
      ? handling(kafka, { traceparent: text(9), baggage: 'other=1' }, 'process of the other')
      : { active: ROOT_CONTEXT, cast: {} };
  }

  /** The span that has ended last. */
  function ended(name: string): RecordedSpan {
    const span = spans.finished.filter((one) => one.name === name).at(-1);
    if (span === undefined) {
      throw new Error(`There is no span \`${name}\`.`);
    }
    return span;
  }
});

function handling(kafka: KafkaTracer, received: unknown, name: string): { active: Context; cast: Cast } {
  const message = { headers: received };
  const delivery = kafka.startProcess({ endpoint: ENDPOINT, topic: 'orders', partition: 0, message });
  delivery.end();
  return { active: delivery.context, cast: { [name]: delivery.span.spanContext } };
}

const REMOTE: Cast = {
  carried: remoteSpan(1),
  'first life': remoteSpan(2),
  outdone: remoteSpan(3),
  'the other': remoteSpan(9),
};

/** The headers, with a word for what names the span of this send. */
function withoutIds(
  headers: Readonly<Record<string, unknown>> | null | undefined,
  span: RecordedSpan,
): unknown {
  const { traceId, spanId } = span.spanContext();
  return headers?.['traceparent'] === `00-${traceId}-${spanId}-01`
    ? { ...headers, traceparent: 'of this send' }
    : headers;
}

function baggageOf(active: Context): string | undefined {
  return propagation
    .getBaggage(active)
    ?.getAllEntries()
    .map(([name, { value }]) => `${name}=${value}`)
    .join();
}

/** Whoever changes what it was given is told. */
function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    Object.values(value).forEach(deepFrozen);
    Object.freeze(value);
  }
  return value;
}
