import { type Link, type SpanContext, SpanKind, type SpanOptions } from '@opentelemetry/api';
import type { ContextFields } from '../../propagation/context-fields.js';
import { injectOnce } from '../../propagation/injection.js';
import { linked } from '../../propagation/linked-context.js';
import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import { attempt } from '../fail-open.js';
import { MESSAGING_BATCH_MESSAGE_COUNT } from '../semconv.js';
import { type Counted, measureSendOfMany } from '../metrics/measurement.js';
import { type Caller, callerOf, isTraced } from './caller.js';
import { describeFurther, fieldsFor, headersOf, originalOf, presetOf } from './send-tracing.js';
import { Sending } from './sending.js';
import { SpanLinks } from '../links.js';
import { type TopicPolicy, spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';
import type { Transaction } from './transaction.js';

/**
 * The messages of one topic that are sent together.
 *
 * @internal
 */
export interface OutgoingMessages {
  readonly topic: string;
  readonly messages: readonly DescribedMessage[];
}

/** A message on its way: the context that it carries is its own, or that of the send. */
interface Outgoing {
  readonly message: DescribedMessage;
  readonly policy: TopicPolicy;
  readonly fields: ContextFields | undefined;
  readonly isTraced: boolean;
  readonly preset: SpanContext | undefined;
  readonly create: TracedSpan;
}

/**
 * What a send of several messages looks like as spans: a `create` span for each, whose context it carries and which has
 * ended before the send, and one `send` span that links to them. Where messages have no span of their own, they carry the
 * context of the send.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-sending
 * @internal
 */
export function startSendOfMany(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  batch: readonly OutgoingMessages[],
  transaction?: Transaction,
): Sending {
  const caller = callerOf(transaction);
  const topics = topicsOf(core, batch);
  const count = topics.reduce((sum, topic) => sum + topic.count, 0);
  const mayCreate = count <= core.options.maxCreateSpans;
  const outgoing = batch.map(({ topic, messages }) => {
    const policy = core.policyOf(topic);
    const fields = fieldsFor(policy);
    return messages.map((message) =>
      prepare(core, endpoint, topic, message, policy, fields, caller, mayCreate),
    );
  });
  const span = sendSpan(core, endpoint, topics, outgoing.flat(), caller);
  const active = linked(caller.active);
  const sending = span.in(active);
  const ofAll = injectOnce();
  const headers = outgoing.map((ofTopic) =>
    ofTopic.map(({ message, policy, fields, isTraced: traced, preset, create }) => {
      const isCreated = create !== NO_SPAN;
      const ofSend = traced ? sending : active;
      const carried = isCreated ? create.in(active) : ofSend;
      return headersOf(core, message, policy, preset, active, carried, fields, isCreated ? undefined : ofAll);
    }),
  );
  const measured = measureSendOfMany(endpoint, topics, sending);
  return new Sending(span, headers, core.attributes, measured);
}

/** How many messages there are of each topic; a batch may name one twice. */
function topicsOf(core: TracingCore, batch: readonly OutgoingMessages[]): readonly Counted[] {
  const counts = new Map<string, number>();
  for (const { topic, messages } of batch) {
    counts.set(topic, (counts.get(topic) ?? 0) + messages.length);
  }
  return [...counts].map(([topic, count]) => ({ topic, policy: core.policyOf(topic), count }));
}

function prepare(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  topic: string,
  message: DescribedMessage,
  policy: TopicPolicy,
  fields: ContextFields | undefined,
  caller: Caller,
  mayCreate: boolean,
): Outgoing {
  const preset = presetOf(message, policy, caller.active, fields);
  const traced = isTraced(policy, caller);
  const isCreated = traced && mayCreate && policy.batch === 'create' && preset === undefined;
  const create = isCreated ? createSpan(core, endpoint, topic, message, policy, caller) : NO_SPAN;
  return { message, policy, fields, isTraced: traced, preset, create };
}

function createSpan(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  topic: string,
  message: DescribedMessage,
  policy: TopicPolicy,
  caller: Caller,
): TracedSpan {
  const links = new SpanLinks().addAll(caller.links);
  links.add(originalOf(message, policy));
  const options: SpanOptions = {
    kind: SpanKind.PRODUCER,
    attributes: core.describe(endpoint, 'create', topic, policy, message),
    links: links.all,
  };
  const span = core.spans.start('create span', spanName('create', topic, policy), options, caller.parent);
  describeFurther(core, span, topic, message, policy);
  span.end();
  return span;
}

function sendSpan(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  topics: readonly Counted[],
  outgoing: readonly Outgoing[],
  caller: Caller,
): TracedSpan {
  const traced = outgoing.filter((one) => one.isTraced);
  if (traced.length === 0) {
    return NO_SPAN;
  }
  const [first, ...others] = topics;
  const only = others.length === 0 ? first : undefined; // What is said of all messages must hold for all.
  const attributes = attempt('describe a batch', () => ({
    ...core.attributes.ofTopic(endpoint, 'send', only?.topic, only?.policy.template),
    [MESSAGING_BATCH_MESSAGE_COUNT]: outgoing.length,
  }));
  const isCarried = traced.some(({ preset, create }) => preset === undefined && create === NO_SPAN);
  const options: SpanOptions = {
    kind: isCarried ? SpanKind.PRODUCER : SpanKind.CLIENT,
    attributes: attributes ?? {},
    links: linksOf(traced, caller, core.options.maxLinks),
  };
  const name = only === undefined ? 'send' : spanName('send', only.topic, only.policy);
  return core.spans.start('send span', name, options, caller.parent);
}

/** A message that has a span of its own has the link to its original context there. */
function linksOf(outgoing: readonly Outgoing[], caller: Caller, most: number): Link[] {
  const links = new SpanLinks(most).addAll(caller.links);
  for (const { preset, create } of outgoing) {
    if (links.isFull) {
      break;
    }
    if (preset === undefined) {
      links.addNew(create.spanContext);
    } else {
      links.add(preset);
    }
  }
  for (const { message, policy, create } of outgoing) {
    if (links.isFull) {
      break;
    }
    links.add(create === NO_SPAN ? originalOf(message, policy) : undefined);
  }
  return links.all;
}
