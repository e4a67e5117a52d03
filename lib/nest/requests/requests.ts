import type { ClientKafka, PacketId, ReadPacket, WritePacket } from '@nestjs/microservices';
import { Subscription, type TeardownLogic } from 'rxjs';
import type { KafkaEndpoint } from '../../tracing/attributes.js';
import { attempt, within } from '../../tracing/fail-open.js';
import type { KafkaTracer } from '../../tracing/kafka-tracer.js';
import type { Request } from '../../tracing/sending/request.js';

/** `ClientKafka.publish`, which is protected: it sends a request and returns how to give it up. */
type Publish = (this: unknown, packet: ReadPacket, callback: Reply) => TeardownLogic;
type Reply = (packet: WritePacket) => unknown;

const TRACED = Symbol.for('nestjs-kafka-tracing.traced-requests');

/**
 * Gives the requests of a client a span each: from when somebody subscribes until the last reply, an error, or until nobody
 * waits any more. What the caller does with a reply runs in the caller's own context; Nest calls it from the consumer of the
 * replies.
 *
 * @internal
 */
export function traceRequests(
  client: ClientKafka,
  tracerOf: () => KafkaTracer | undefined,
  endpoint: KafkaEndpoint,
): void {
  if (TRACED in client) {
    return;
  }
  const { publish } = client as unknown as { readonly publish: Publish };
  const traced: Publish = function tracedPublish(packet, callback) {
    const request = attempt('trace a request', () =>
      tracerOf()?.startRequest(endpoint, topicOf(client, packet)),
    );
    return request === undefined
      ? publish.call(this, packet, callback)
      : observed(request, packet, callback, (reply) => publish.call(this, packet, reply));
  };
  Object.defineProperty(client, 'publish', { value: traced, configurable: true, writable: true });
  Object.defineProperty(client, TRACED, { value: true });
}

function observed(
  request: Request,
  packet: ReadPacket,
  callback: Reply,
  publish: (reply: Reply) => TeardownLogic,
): TeardownLogic {
  // Nest gives the packet its id when it is published, which may fail at once.
  const identify = (): void => request.hasId((packet as ReadPacket & PacketId).id);
  const reply: Reply = (answer) => {
    attempt('trace a reply', () => tell(request, answer, identify));
    return within(request.caller, () => callback(answer));
  };
  try {
    const giveUp = within(request.context, () => publish(reply));
    attempt('trace a request', identify);
    const teardown = new Subscription(() => attempt('end a request', () => request.tornDown()));
    teardown.add(giveUp);
    return () => teardown.unsubscribe();
  } catch (error) {
    attempt('tell that a request failed', () => request.failed(error));
    throw error;
  }
}

/** As Nest's `createObserver` reads it. */
function tell(request: Request, { err, isDisposed }: WritePacket, identify: () => void): void {
  if (err) {
    identify();
    request.failed(err);
  } else if (isDisposed === true) {
    request.completed();
  } else {
    request.replied();
  }
}

/** As Nest makes a topic of a pattern; the method is protected. */
function topicOf(client: ClientKafka, { pattern }: ReadPacket): string {
  return (client as unknown as { normalizePattern(pattern: unknown): string }).normalizePattern(pattern);
}
