import { ROOT_CONTEXT, SpanKind, type SpanOptions, trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import {
  type KafkaTracingMatchers,
  type RecordedSpan,
  type SpanOrContext,
  SpanRecorder,
  kafkaTracingMatchers,
} from 'nestjs-kafka-tracing/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { remoteSpan } from '../support/trace-context.js';

const spans = new SpanRecorder();
const tracer = new BasicTracerProvider({ spanProcessors: [spans] }).getTracer('application');

interface Relatives {
  readonly parent?: SpanOrContext;
  readonly links?: readonly SpanOrContext[];
}

function span(name: string, options: SpanOptions, { parent, links = [] }: Relatives): RecordedSpan {
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, idsOf(parent));
  tracer
    .startSpan(name, { ...options, links: links.map((link) => ({ context: idsOf(link) })) }, context)
    .end();
  return spans.finished.at(-1)!;
}

const idsOf = (of: SpanOrContext) => ('spanContext' in of ? of.spanContext() : of);

/** `at(createOrder)`: its line in a message. */
const at = (of: SpanOrContext): string => `trace ${idsOf(of).traceId}, span ${idsOf(of).spanId}`;

const step = (name: string, relatives: Relatives = {}) => span(name, {}, relatives);

const messaging = (type: string, topic: string) => ({
  'messaging.operation.type': type,
  'messaging.destination.name': topic,
});

const producing = (type: 'send' | 'create', topic: string, relatives: Relatives = {}) =>
  span(`${type} ${topic}`, { kind: SpanKind.PRODUCER, attributes: messaging(type, topic) }, relatives);

const processing = (topic: string, relatives: Relatives) =>
  span(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes: messaging('process', topic) }, relatives);

/** Fails with exactly this message. */
function expectFailure(expectation: () => void, ...parts: readonly string[]): void {
  let message = '';
  try {
    expectation();
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toBe(parts.join('\n'));
}

const createOrder = step('create_order');
const send = producing('send', 'orders', { parent: createOrder });
const other = producing('send', 'orders');

describe('toContinueTraceOf', () => {
  it('holds for any span of the trace of another, however far from it', () => {
    const process = processing('orders', { parent: send });

    expect(send).toContinueTraceOf(createOrder);
    expect(process).toContinueTraceOf(createOrder);
    expect(process).toContinueTraceOf(createOrder.spanContext());
  });

  it('does not hold for the span itself, or in another trace', () => {
    expect(send).not.toContinueTraceOf(send);
    expect(send).not.toContinueTraceOf(other);
  });

  it('says where both are when they are in different traces', () => {
    expectFailure(
      () => expect(other).toContinueTraceOf(createOrder),
      'Expected `send orders` to continue the trace of `create_order`.',
      '',
      `given:    \`create_order\` INTERNAL, ${at(createOrder)}`,
      `received: \`send orders\` PRODUCER, ${at(other)}`,
      '  parent: none, it is a root',
      '  links:  none',
      '',
      'It is the root of another trace.',
    );
  });

  it('says so when the parent, too, is in another trace, and when there is a link', () => {
    const process = processing('orders', { parent: remoteSpan(7), links: [send, other] });

    expectFailure(
      () => expect(process).toContinueTraceOf(send),
      'Expected `process orders` to continue the trace of `send orders`.',
      '',
      `given:    \`send orders\` PRODUCER, ${at(send)}`,
      `received: \`process orders\` CONSUMER, ${at(process)}`,
      `  parent: ${at(remoteSpan(7))}`,
      `  links:  ${at(send)} (\`send orders\`)`,
      `          ${at(other)}`,
      '',
      'Its parent is in another trace, too: the context was lost further up, or its sender had none. ' +
        'It is linked to it, though: that is `toLinkTo`.',
    );
  });

  it('says so when it is that very span', () => {
    expect(() => expect(send).toContinueTraceOf(send)).toThrow('It is that very span.');
  });

  it('says where both are when they should not be in one trace', () => {
    expectFailure(
      () => expect(send).not.toContinueTraceOf(createOrder),
      'Expected `send orders` not to continue the trace of `create_order`.',
      '',
      `given:    \`create_order\` INTERNAL, ${at(createOrder)}`,
      `received: \`send orders\` PRODUCER, ${at(send)}`,
      `  parent: ${at(createOrder)} (\`create_order\`)`,
      '  links:  none',
    );
  });
});

describe('toBeChildOf', () => {
  it('holds for a child, and neither for a grandchild nor for a linked span', () => {
    expect(send).toBeChildOf(createOrder);
    expect(processing('orders', { parent: remoteSpan(7) })).toBeChildOf(remoteSpan(7));
    expect(processing('orders', { parent: send })).not.toBeChildOf(createOrder);
    expect(processing('orders', { links: [send] })).not.toBeChildOf(send);
  });

  it('says which parent and links there are', () => {
    const process = processing('orders', { links: [send] });

    expectFailure(
      () => expect(process).toBeChildOf(send),
      'Expected `process orders` to be a child of `send orders`.',
      '',
      `given:    \`send orders\` PRODUCER, ${at(send)}`,
      `received: \`process orders\` CONSUMER, ${at(process)}`,
      '  parent: none, it is a root',
      `  links:  ${at(send)} (\`send orders\`)`,
      '',
      'It is linked to it, though: that is `toLinkTo`.',
    );
    expect(() => expect(send).toBeChildOf(other)).toThrow(`parent: ${at(createOrder)}\n`);
  });

  it('says that it is one when it should not be', () => {
    expect(() => expect(send).not.toBeChildOf(createOrder)).toThrow(
      /^Expected `send orders` not to be a child of `create_order`\.\n[^]*parent: .* \(`create_order`\)\n/,
    );
  });
});

describe('toLinkTo', () => {
  it('holds for any of the links, of a span or of its ids', () => {
    const process = processing('orders', { parent: send, links: [other, send, remoteSpan(7)] });

    expect(process).toLinkTo(send);
    expect(process).toLinkTo(send.spanContext());
    expect(process).toLinkTo(remoteSpan(7));
    expect(process).not.toLinkTo(createOrder);
  });

  it('takes the trace and the span into account', () => {
    const { traceId, spanId } = send.spanContext();
    const sameTrace = { ...remoteSpan(7), traceId };
    const sameSpan = { ...remoteSpan(7), spanId };

    expect(processing('orders', { links: [sameTrace, sameSpan] })).not.toLinkTo(send);
  });

  it('says which parent and links there are', () => {
    const process = processing('orders', { parent: send });

    expectFailure(
      () => expect(process).toLinkTo(send.spanContext()),
      'Expected `process orders` to link to the given span context.',
      '',
      `given:    ${at(send)}`,
      `received: \`process orders\` CONSUMER, ${at(process)}`,
      `  parent: ${at(send)} (the given span context)`,
      '  links:  none',
      '',
      'It is its child, though: that is `toBeChildOf`.',
    );
  });

  it('says that it does when it should not', () => {
    const process = processing('orders', { links: [other, send] });

    expect(() => expect(process).not.toLinkTo(send)).toThrow(
      `Expected \`process orders\` not to link to \`send orders\`.`,
    );
    expect(() => expect(process).not.toLinkTo(send)).toThrow(
      `  links:  ${at(other)}\n          ${at(send)} (\`send orders\`)`,
    );
  });
});

describe('toBeProcessSpanOf', () => {
  const create = producing('create', 'orders');

  it.each([
    ['its child', { parent: send }],
    ['linked to it', { links: [send] }],
    ['its child and linked to it', { parent: send, links: [send] }],
    ['linked to it among others, as a batch', { links: [other, send] }],
  ])('holds for a process span that is %s', (_case, relatives) => {
    expect(processing('orders', relatives)).toBeProcessSpanOf(send);
    expect(processing('orders', relatives)).toBeProcessSpanOf(send.spanContext());
  });

  it('holds for the create span of a message of many', () => {
    expect(processing('orders', { parent: create, links: [create] })).toBeProcessSpanOf(create);
    expect(processing('orders', { parent: create, links: [create] })).not.toBeProcessSpanOf(send);
  });

  it('says what the span is when it is no process span', () => {
    const handled = span('receive orders', { kind: SpanKind.CONSUMER }, { parent: send });

    expect(() => expect(step('process_order', { parent: send })).toBeProcessSpanOf(send)).toThrow(
      /^Expected `process_order` to be the process span of `send orders`\.\n[^]*\n\nIt is no CONSUMER span, but INTERNAL\.$/,
    );
    expect(() => expect(handled).toBeProcessSpanOf(send)).toThrow(
      'Its `messaging.operation.type` is `undefined`, not `process`.',
    );
  });

  it('says what the span belongs to when that is another message', () => {
    const process = processing('orders', { parent: other, links: [other] });

    expectFailure(
      () => expect(process).toBeProcessSpanOf(send),
      'Expected `process orders` to be the process span of `send orders`.',
      '',
      `given:    \`send orders\` PRODUCER, ${at(send)}`,
      `received: \`process orders\` CONSUMER, ${at(process)}`,
      `  parent: ${at(other)}`,
      `  links:  ${at(other)}`,
      '',
      'It is neither its child nor linked to it.',
    );
  });

  it('does not take a dead letter, which links to the message that it was, for that message', () => {
    const deadLetter = producing('send', 'orders.dlt');
    const process = processing('orders.dlt', { links: [deadLetter, send] });

    expect(process).toBeProcessSpanOf(deadLetter);
    expect(() => expect(process).toBeProcessSpanOf(send)).toThrow(
      'It is linked to it, but handles a message of `orders.dlt`, and this one was sent to `orders`.',
    );
  });

  it('says that it is one when it should not be', () => {
    expect(() => expect(processing('orders', { parent: send })).not.toBeProcessSpanOf(send)).toThrow(
      /^Expected `process orders` not to be the process span of `send orders`\.\n[^]*parent: .* \(`send orders`\)\n  links:  none$/,
    );
  });

  it('refuses, in both directions, what creates no message, and says what does', () => {
    const client = span(
      'send orders',
      { kind: SpanKind.CLIENT, attributes: messaging('send', 'orders') },
      { links: [createOrder] },
    );
    const process = processing('orders', { parent: createOrder });
    const refusal =
      '`toBeProcessSpanOf` takes the PRODUCER span that created the message, `send …` or `create …`: got ';

    expect(() => expect(process).toBeProcessSpanOf(client)).toThrow(
      new TypeError(
        `${refusal}\`send orders\`, which is CLIENT. A message that was sent with a context of its own is created by ` +
          'the span of that context: see `toBeChildOf` and `toLinkTo`.',
      ),
    );
    expect(() => expect(process).not.toBeProcessSpanOf(createOrder)).toThrow(
      `${refusal}\`create_order\`, which is INTERNAL.`,
    );
  });
});

describe.each(Object.keys(kafkaTracingMatchers) as (keyof KafkaTracingMatchers)[])('%s', (matcher) => {
  it.each([
    ['nothing', undefined, 'got undefined.'],
    ['null', null, 'got null.'],
    ['a name', 'send orders', "got 'send orders'."],
    ['an object', { name: 'send orders', attributes: {} }, "got { name: 'send orders', attributes: {} }."],
    ['a promise', Promise.resolve(send), 'got a promise: await it.'],
  ])('refuses %s for a span, with `.not` too', (_case, wrong, got) => {
    const received = new TypeError(
      `\`${matcher}\` takes a span: expected what \`expect\` received to be one, ${got}`,
    );
    const argument = new TypeError(
      `\`${matcher}\` takes a span or a span context: expected its argument to be one, ${got}`,
    );

    // Thrown, not returned: as a result with `pass: false` it would be a success with `.not`.
    expect(() => kafkaTracingMatchers[matcher](wrong as never, send)).toThrow(received);
    expect(() => kafkaTracingMatchers[matcher](send, wrong as never)).toThrow(argument);
  });
});

describe('KafkaTracingMatchers', () => {
  it('has the matchers as the methods that they become', () => {
    expectTypeOf<keyof KafkaTracingMatchers>().toEqualTypeOf<keyof typeof kafkaTracingMatchers>();
    expectTypeOf(kafkaTracingMatchers.toLinkTo).parameters.toEqualTypeOf<
      [RecordedSpan, ...Parameters<KafkaTracingMatchers['toLinkTo']>]
    >();
    expectTypeOf(kafkaTracingMatchers.toBeProcessSpanOf).parameters.toEqualTypeOf<
      [RecordedSpan, ...Parameters<KafkaTracingMatchers['toBeProcessSpanOf']>]
    >();
  });
});
