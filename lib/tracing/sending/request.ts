import { type Context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { KafkaEndpoint } from '../attributes.js';
import { errorType } from '../error-type.js';
import { activeContext, attempt } from '../fail-open.js';
import { MESSAGING_MESSAGE_CONVERSATION_ID } from '../semconv.js';
import { callerOf, isTraced } from './caller.js';
import { spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';

/**
 * A request under way, until its last reply. The tracer starts its span when somebody subscribes to it; its context is
 * active while it is sent, and the caller's own while a reply is handed on.
 *
 * @internal
 */
export class Request {
  /** What is active while the request is sent. */
  readonly context: Context;
  /** What is active in the code of the caller. */
  readonly caller: Context;
  readonly #span: TracedSpan;
  #hasValue = false;

  constructor(span: TracedSpan, caller: Context) {
    this.#span = span;
    this.caller = caller;
    this.context = span.in(caller);
  }

  /** @param id by which Nest matches a reply with its request */
  hasId(id: string): void {
    this.#span.setAttributes({ [MESSAGING_MESSAGE_CONVERSATION_ID]: id });
  }

  /** A reply has a value. There may be more of them. */
  replied(): void {
    this.#hasValue = true;
  }

  /** The last reply is there. */
  completed(): void {
    this.#span.end();
  }

  /** The reply is an error, or the request could not be sent. */
  failed(error: unknown): void {
    attempt('set the status of the request span', () => this.#span.fail(errorType(error), error));
    this.#span.recordException(error);
    this.#span.end();
  }

  /**
   * Nobody waits any more. After a value that is how a request of which one reply was wanted ends; before any, it was
   * unsubscribed or has timed out, which look alike.
   */
  tornDown(): void {
    if (!this.#hasValue) {
      this.#span.fail('cancelled', 'The request was given up before a reply.');
    }
    this.#span.end();
  }
}

/** @internal */
export function startRequest(core: TracingCore, endpoint: KafkaEndpoint, topic: string): Request {
  const caller = activeContext() ?? ROOT_CONTEXT;
  const policy = core.policyOf(topic);
  if (!isTraced(policy, callerOf(undefined))) {
    return new Request(NO_SPAN, caller);
  }
  const attributes =
    attempt('describe a request', () =>
      core.attributes.ofTopic(endpoint, 'request', topic, policy.template),
    ) ?? {};
  const name = spanName('request', topic, policy);
  return new Request(
    core.spans.start('request span', name, { kind: SpanKind.CLIENT, attributes }, caller),
    caller,
  );
}
