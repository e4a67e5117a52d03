import { type Context, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import type { SentMessage } from '../../messages.js';
import { type ContextFields, contextFields } from '../../propagation/context-fields.js';
import { presetCreationContext } from '../../propagation/header-policy.js';
import type { Inject } from '../../propagation/injection.js';
import { originalCreationContext } from '../../propagation/original-context.js';
import { headersWithOneSpanContext } from '../../propagation/repeated-headers.js';
import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import { type Caller, callerOf, isTraced } from './caller.js';
import { attempt, report } from '../fail-open.js';
import { callHook } from '../hooks.js';
import { measureSend } from '../metrics/measurement.js';
import { SpanLinks } from '../links.js';
import { Sending } from './sending.js';
import { spanContextOf } from '../span-starter.js';
import { type TopicPolicy, spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';
import type { Transaction } from './transaction.js';

/**
 * What a send looks like as spans: of one message one span, whose context it carries.
 *
 * @internal
 */
export function startSendOfOne(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  topic: string,
  message: DescribedMessage,
  transaction?: Transaction,
): Sending {
  const caller = callerOf(transaction);
  const policy = core.policyOf(topic);
  const fields = fieldsFor(policy);
  const preset = presetOf(message, policy, caller.active, fields);
  const span = isTraced(policy, caller)
    ? sendSpan(core, endpoint, topic, message, policy, caller, preset)
    : NO_SPAN;
  describeFurther(core, span, topic, message, policy);
  const sending = span.in(caller.active);
  const headers = headersOf(core, message, policy, preset, caller.active, sending, fields);
  const measured = measureSend(endpoint, topic, policy, sending);
  return new Sending(span, [[headers]], core.attributes, measured);
}

function sendSpan(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  topic: string,
  message: DescribedMessage,
  policy: TopicPolicy,
  caller: Caller,
  preset: SpanContext | undefined,
): TracedSpan {
  const isOrphan = preset !== undefined && spanContextOf(caller.parent) === undefined;
  const parent = isOrphan ? trace.setSpanContext(caller.parent, preset) : caller.parent;
  const name = spanName('send', topic, policy);
  const kind = preset === undefined ? SpanKind.PRODUCER : SpanKind.CLIENT;
  const attributes = core.describe(endpoint, 'send', topic, policy, message);
  const links = new SpanLinks();
  links.add(preset);
  links.addAll(caller.links);
  links.add(originalOf(message, policy));
  return core.spans.start('send span', name, { kind, attributes, links: links.all }, parent);
}

/**
 * What headers are to the propagator, to be asked for once for all messages of a send; `undefined` where they are not to be
 * looked at, or the propagator fails: then that is reported where they are.
 *
 * @internal
 */
export function fieldsFor(policy: TopicPolicy): ContextFields | undefined {
  try {
    return policy.propagate ? contextFields() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The creation context that a message carries already, if it is to be kept.
 *
 * @internal
 */
export function presetOf(
  message: DescribedMessage,
  policy: TopicPolicy,
  active: Context,
  fields: ContextFields | undefined,
): SpanContext | undefined {
  if (!policy.propagate || policy.existingContext !== 'preserve') {
    return undefined;
  }
  try {
    return presetCreationContext(message.headers, active, fields);
  } catch (error) {
    report('read the headers', error);
    return undefined;
  }
}

/** @internal */
export function originalOf(message: DescribedMessage, policy: TopicPolicy): SpanContext | undefined {
  if (!policy.propagate) {
    return undefined;
  }
  try {
    return originalCreationContext(message.headers);
  } catch (error) {
    report('read the headers', error);
    return undefined;
  }
}

/**
 * What a message is sent with: what it carries already, or the context of its span.
 *
 * @internal
 */
export function headersOf(
  core: TracingCore,
  message: DescribedMessage,
  policy: TopicPolicy,
  preset: SpanContext | undefined,
  active: Context,
  sending: Context,
  fields: ContextFields | undefined,
  injected?: Inject,
): unknown {
  const { headers } = message;
  if (!policy.propagate) {
    return headers;
  }
  if (preset === undefined) {
    return core.inject(headers, sending, fields, injected);
  }
  const kept = attempt('write the headers', () => headersWithOneSpanContext(headers)) ?? headers;
  return core.withCorrelationId(kept, trace.setSpanContext(active, preset));
}

/**
 * What is said of a message that is sent only where its span is recorded.
 *
 * @internal
 */
export function describeFurther(
  core: TracingCore,
  span: TracedSpan,
  topic: string,
  message: DescribedMessage,
  policy: TopicPolicy,
): void {
  const { onSend } = core.options;
  core.describeFurther(span, message, policy);
  if (onSend !== undefined) {
    callHook('onSend', onSend, span, { topic, message } as SentMessage);
  }
}
