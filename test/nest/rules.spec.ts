import { context, propagation } from '@opentelemetry/api';
import type { Relation, TopicRule, TracedEventOptions, Trust } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { emit, handlerOf } from '../support/events.js';
import { expectChildOf, expectLinkedTo, expectRoot } from '../support/expectations.js';
import { createTopics, freshName, freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { type SpanOutcome, outcomeOf } from '../support/outcome.js';
import { remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';

const PRODUCER = { producer: remoteSpan(1) };
const headers = { traceparent: traceparent(1) };

/** A process span that stands so to its producer. */
function process(parent: 'producer' | undefined, ...links: readonly 'producer'[]): SpanOutcome {
  return { kind: 'CONSUMER', parent, links };
}

const BOTH = process('producer', 'producer');
const PARENT = process('producer');
const LINK = process(undefined, 'producer');
const STRANGER = process(undefined);

/** A topic for each of these, whose names begin with the same prefix. */
async function topicsOf<Name extends string>(
  ...names: readonly Name[]
): Promise<{ readonly prefix: string; readonly topics: Readonly<Record<Name, string>> }> {
  const prefix = freshName('rules');
  const topics = Object.fromEntries(names.map((name) => [name, `${prefix}.${name}`]));
  await createTopics(Object.values(topics));
  return { prefix, topics: topics as Record<Name, string> };
}

describe('a rule', () => {
  const spans = useTracing();

  /** What becomes of a message of each topic. */
  async function outcomes(topics: Readonly<Record<string, string>>): Promise<Record<string, SpanOutcome>> {
    const found: Record<string, SpanOutcome> = {};
    for (const [name, topic] of Object.entries(topics)) {
      await sendPlain(topic, { value: '{}', headers });
      found[name] = outcomeOf(await spans.one(`process ${topic}`), PRODUCER);
    }
    return found;
  }

  it.each<[how: string, matchOf: (prefix: string) => TopicRule['match']]>([
    ['a name in which * stands for anything', (prefix) => `${prefix}.audit.*`],
    ['a whole name', (prefix) => `${prefix}.audit.log`],
    ['a regular expression', (prefix) => new RegExp(String.raw`^${prefix}\.audit\b`, 'g')],
    ['a function', (prefix) => (topic) => topic.startsWith(`${prefix}.audit`)],
  ])('holds for the topics that it matches, and for no others: %s', async (_how, matchOf) => {
    const { prefix, topics } = await topicsOf('orders', 'audit.log');
    await startMicroservice({
      tracing: { topics: [{ match: matchOf(prefix), relation: 'link' }] },
      controllers: Object.values(topics).map((topic) => handlerOf(topic)),
    });
    expect(await outcomes(topics)).toEqual({ orders: BOTH, 'audit.log': LINK });
  });

  it('is the first one that matches; what it leaves out the module says, and no later rule', async () => {
    const { prefix, topics } = await topicsOf('audit.log', 'audit.trail', 'orders');
    const rules: readonly TopicRule[] = [
      { match: topics['audit.log'], relation: 'link' },
      { match: `${prefix}.audit.*`, trust: 'ignore' },
      { match: `${prefix}.*`, relation: 'both', trust: 'restart' },
    ];
    await startMicroservice({
      tracing: { relation: 'parent', topics: rules },
      controllers: Object.values(topics).map((topic) => handlerOf(topic)),
    });
    expect(await outcomes(topics)).toEqual({ 'audit.log': LINK, 'audit.trail': STRANGER, orders: LINK });
  });

  it.each<
    [
      option: string,
      said: Readonly<Record<'module' | 'rule' | 'handler', TracedEventOptions>>,
      held: Readonly<Record<'module' | 'rule' | 'handler', SpanOutcome>>,
    ]
  >([
    [
      'relation',
      { module: { relation: 'parent' }, rule: { relation: 'link' }, handler: { relation: 'both' } },
      { module: PARENT, rule: LINK, handler: BOTH },
    ],
    [
      'trust',
      { module: { trust: 'restart' }, rule: { trust: 'continue' }, handler: { trust: 'ignore' } },
      { module: LINK, rule: BOTH, handler: STRANGER },
    ],
  ])('is outranked by the handler, and outranks the module: %s', async (_option, said, held) => {
    const { topics } = await topicsOf('module', 'rule', 'handler');
    const rules = [topics.rule, topics.handler].map((match) => ({ match, ...said.rule }));
    await startMicroservice({
      tracing: { ...said.module, topics: rules },
      controllers: [
        handlerOf(topics.module),
        handlerOf(topics.rule),
        handlerOf(topics.handler, undefined, said.handler),
      ],
    });
    expect(await outcomes(topics)).toEqual(held);
  });

  it('may relate each topic to its producers in its own way', async () => {
    const { topics } = await topicsOf<Relation>('both', 'parent', 'link');
    const relations = Object.entries(topics) as [Relation, string][];
    const app = await startMicroservice({
      tracing: { topics: relations.map(([relation, match]) => ({ match, relation })) },
      controllers: Object.values(topics).map((topic) => handlerOf(topic)),
    });
    const client = await clientOf(app);

    const found: Record<string, SpanOutcome> = {};
    for (const [relation, topic] of relations) {
      await emit(client, topic, {});
      const send = await spans.one(`send ${topic}`);
      found[relation] = outcomeOf(await spans.one(`process ${topic}`), { producer: send.spanContext() });
    }
    expect(found).toEqual({ both: BOTH, parent: PARENT, link: LINK });
  });

  it('may trust each topic in its own way', async () => {
    const { topics } = await topicsOf<Trust>('continue', 'restart', 'ignore');
    const trusts = Object.entries(topics) as [Trust, string][];
    await startMicroservice({
      tracing: { relation: 'parent', topics: trusts.map(([trust, match]) => ({ match, trust })) },
      controllers: Object.values(topics).map((topic) => handlerOf(topic)),
    });
    expect(await outcomes(topics)).toEqual({ continue: PARENT, restart: LINK, ignore: STRANGER });
  });
});

describe('a rule of topics that are made on the fly', () => {
  const spans = useTracing();
  const recorded = useMetrics();
  const template = 'replies-{instance}';

  it('gives them one name in spans, and one series in metrics', async () => {
    const prefix = freshName('replies');
    const topics = [`${prefix}-1`, `${prefix}-2`];
    await createTopics(topics);
    const app = await startMicroservice({
      tracing: { topics: [{ match: `${prefix}-*`, template }] },
      controllers: [handlerOf(new RegExp(`^${prefix}-`))],
    });
    const client = await clientOf(app);

    for (const topic of topics) {
      await emit(client, topic, {});
    }

    for (const name of [`send ${template}`, `process ${template}`]) {
      const named = await spans.all(name, 2);
      expect(named.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual(topics);
      for (const { attributes } of named) {
        expect(attributes['messaging.destination.template']).toBe(template);
      }
    }
    for (const metric of [
      'messaging.client.sent.messages',
      'messaging.client.operation.duration',
      'messaging.client.consumed.messages',
      'messaging.process.duration',
      'nestjs.kafka.message.queue.duration',
    ]) {
      const { attributes } = await recorded.one(metric, 2);
      expect({ metric, ...attributes }).toMatchObject({ metric, 'messaging.destination.template': template });
      expect(attributes).not.toHaveProperty('messaging.destination.name');
    }
  });

  it('gives the messages of a batch that name, too', async () => {
    const topic = await freshTopic('replies');
    const app = await startMicroservice({ tracing: { topics: [{ match: /^replies-/, template }] } });
    const client = await clientOf(app);
    await firstValueFrom(client.emitBatch(topic, { messages: [{ value: 'a' }, { value: 'b' }] }));
    expectLinkedTo(await spans.one(`send ${template}`), ...(await spans.all(`create ${template}`, 2)));
  });
});

describe('a rule with requireParent', () => {
  const spans = useTracing();

  it('leaves a poller without a span there, and what is active goes out all the same', async () => {
    const { topics } = await topicsOf('rows', 'orders');
    const seen: unknown[] = [];
    const app = await startMicroservice({
      tracing: { topics: [{ match: topics.rows, requireParent: true }] },
      controllers: [handlerOf(topics.rows, () => void seen.push(tenant()))],
    });
    const client = await clientOf(app);

    await context.with(withBaggage(context.active(), { tenant: 'a' }), () => emit(client, topics.rows, {}));
    await emit(client, topics.orders, {});

    expectRoot(await spans.one(`process ${topics.rows}`));
    expect(seen).toEqual(['a']);
    expectRoot(await spans.one(`send ${topics.orders}`));
    expect(spans.named(`send ${topics.rows}`)).toEqual([]);
    const [message] = await readPlain(topics.rows, 1);
    expect(message?.headers).toEqual({ baggage: Buffer.from('tenant=a') });
  });

  it('leaves whoever has a span its spans', async () => {
    const topic = await freshTopic('rows');
    const app = await startMicroservice({
      tracing: { topics: [{ match: topic, requireParent: true }] },
      controllers: [handlerOf(topic)],
    });
    const client = await clientOf(app);

    await inSpan('caller', () => emit(client, topic, {}));

    const send = await spans.one(`send ${topic}`);
    expectChildOf(send, await spans.one('caller'));
    expectChildOf(await spans.one(`process ${topic}`), send);
  });
});

function tenant(): string | undefined {
  return propagation.getActiveBaggage()?.getEntry('tenant')?.value;
}
