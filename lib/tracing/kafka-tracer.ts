import { type Context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { CreationContext } from '../propagation/creation-context.js';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import type { Trust } from '../topic.options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { DescribedMessage, KafkaEndpoint } from './attributes.js';
import { type ClientOperation, startSendOffsets } from './sending/client-operation.js';
import type { DeliveredBatch } from './processing/delivered-batch.js';
import { type Delivered, Delivery } from './processing/delivery.js';
import { activeContext } from './fail-open.js';
import type { OpenSpans } from './open-spans.js';
import { startProcessBatch } from './processing/process-batch-tracing.js';
import { creationOf, startProcess, trustIn } from './processing/process-tracing.js';
import { type Request, startRequest } from './sending/request.js';
import { type OutgoingMessages, startSendOfMany } from './sending/send-batch-tracing.js';
import { startSendOfOne } from './sending/send-tracing.js';
import type { Sending } from './sending/sending.js';
import { Step } from './processing/step.js';
import { TracingCore } from './tracing-core.js';
import { type Transaction, startTransaction } from './sending/transaction.js';

/**
 * Says what everything that happens looks like in a trace: the other rings describe what happens. No method throws.
 *
 * @internal
 */
export class KafkaTracer {
  readonly #core: TracingCore;

  /** @param openSpans where a span is counted that starts now, if anywhere */
  constructor(
    readonly options: ResolvedOptions,
    openSpans: () => OpenSpans | undefined = () => undefined,
  ) {
    this.#core = new TracingCore(options, openSpans);
  }

  /**
   * Starts the span of one message's send, in the caller's context, and writes its context into a copy of the headers. A
   * creation context that the message has already is kept: then this span only sends it, and links to it.
   */
  startSend(
    endpoint: KafkaEndpoint,
    topic: string,
    message: DescribedMessage,
    transaction?: Transaction,
  ): Sending {
    return startSendOfOne(this.#core, endpoint, topic, message, transaction);
  }

  /** Starts the spans of a send of several messages, and writes their contexts into copies of the headers. */
  startSendOfMany(
    endpoint: KafkaEndpoint,
    batch: readonly OutgoingMessages[],
    transaction?: Transaction,
  ): Sending {
    return startSendOfMany(this.#core, endpoint, batch, transaction);
  }

  /** Starts the span of a transaction, in the caller's context. */
  startTransaction(endpoint: KafkaEndpoint, transactionalId: string | undefined): Transaction {
    return startTransaction(this.#core, endpoint, transactionalId);
  }

  /** Starts the span of offsets that are sent to a transaction. */
  startSendOffsets(
    endpoint: KafkaEndpoint,
    groupId: string | undefined,
    topics: readonly string[],
    transaction: Transaction,
  ): ClientOperation {
    return startSendOffsets(this.#core, endpoint, groupId, topics, transaction);
  }

  /** Starts the span of a request, in the subscriber's context. */
  startRequest(endpoint: KafkaEndpoint, topic: string): Request {
    return startRequest(this.#core, endpoint, topic);
  }

  /** Starts the span around the handling of one message. */
  startProcess(delivered: Delivered): Delivery {
    return startProcess(this.#core, delivered);
  }

  /** Starts the span around the handling of a batch. */
  startProcessBatch(batch: DeliveredBatch): Delivery {
    return startProcessBatch(this.#core, batch);
  }

  /** Starts the span of a handler's business step, below the process span. */
  startStep(name: string, delivery: Delivery): Step {
    const parent = contextWithin(delivery);
    const span = this.#core.spans.start('step span', name, { kind: SpanKind.INTERNAL }, parent);
    return new Step(span, span.in(parent), delivery.isExpected);
  }

  /** The low-cardinality name that the rules give to topics made on the fly. */
  templateOf(topic: string): string | undefined {
    return this.#core.policyOf(topic).template;
  }

  /** How far the rules trust the producers of a topic. */
  trustOf(topic: string): Trust {
    return trustIn(this.#core.policyOf(topic));
  }

  /** The headers that carry a context: a copy, or the same object where nothing is written. */
  inject(headers: unknown, context: Context): unknown {
    return this.#core.inject(headers, context);
  }

  /** The creation context that headers of any shape hold, with no more baggage than the options allow. */
  extract(headers: KafkaHeaders | null | undefined): CreationContext {
    const { context, spanContext } = creationOf({ headers });
    return { context: this.#core.limit(context), spanContext };
  }
}

/**
 * The context of a handler. What is active has more in it than the delivery's own, such as what an outer interceptor put
 * there; with no context manager it is empty.
 *
 * @internal
 */
export function contextWithin(delivery: Delivery): Context {
  const active = activeContext() ?? ROOT_CONTEXT;
  return Delivery.in(active) === delivery ? active : delivery.context;
}
