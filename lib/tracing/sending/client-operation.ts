import { SpanKind } from '@opentelemetry/api';
import type { KafkaEndpoint } from '../attributes.js';
import { errorType } from '../error-type.js';
import { attempt } from '../fail-open.js';
import { type Measurement, measureOperation } from '../metrics/measurement.js';
import { type Caller, callerOf, isTraced } from './caller.js';
import { SpanLinks } from '../links.js';
import { type TopicPolicy, spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';
import type { Transaction } from './transaction.js';

/**
 * Something that a client asks of the broker: its span, which is never active, ends with the answer.
 *
 * @internal
 */
export class ClientOperation {
  protected readonly span: TracedSpan;
  readonly #measured: Measurement | undefined;

  constructor(span: TracedSpan, measured: Measurement | undefined) {
    this.span = span;
    this.#measured = measured;
  }

  /** Whether somebody has to say how it ended. */
  get isWatched(): boolean {
    return this.span.isRecording || this.#measured !== undefined;
  }

  succeeded(): void {
    this.#measured?.();
    this.span.end();
  }

  failed(error: unknown): void {
    const type = errorType(error);
    this.span.fail(type, error);
    this.span.recordException(error);
    this.#measured?.(type);
    this.span.end();
  }
}

/**
 * Offsets that are sent to a transaction: the messages before them count as handled when it is committed.
 *
 * @param groupId the consumer group whose offsets they are
 * @param topics the topics that they are of
 * @internal
 */
export function startSendOffsets(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  groupId: string | undefined,
  topics: readonly string[],
  transaction: Transaction,
): ClientOperation {
  const caller = callerOf(transaction);
  const ofGroup = { ...endpoint, groupId };
  const [topic, ...others] = new Set(topics);
  const policies = topics.map((one) => core.policyOf(one));
  const only = topic === undefined || others.length > 0 ? undefined : { topic, policy: core.policyOf(topic) };
  const isWanted = (policies.length === 0 ? [core.options] : policies).some((one) => isTraced(one, caller));
  const span = isWanted ? offsetsSpan(core, ofGroup, only, caller) : NO_SPAN;
  const context = span.in(caller.active);
  return new ClientOperation(
    span,
    measureOperation(ofGroup, 'send_offsets', only?.topic, only?.policy.template, context),
  );
}

/** What is said of all offsets must hold for all. */
interface OnlyTopic {
  readonly topic: string;
  readonly policy: TopicPolicy;
}

function offsetsSpan(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  only: OnlyTopic | undefined,
  caller: Caller,
): TracedSpan {
  const attributes = attempt('describe offsets', () =>
    core.attributes.ofTopic(endpoint, 'send_offsets', only?.topic, only?.policy.template),
  );
  const name = only === undefined ? 'send_offsets' : spanName('send_offsets', only.topic, only.policy);
  const options = {
    kind: SpanKind.CLIENT,
    attributes: attributes ?? {},
    links: new SpanLinks().addAll(caller.links).all,
  };
  return core.spans.start('span of offsets', name, options, caller.parent);
}
