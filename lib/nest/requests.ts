import type { ClientKafka, PacketId, ReadPacket, WritePacket } from '@nestjs/microservices';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt, within } from '../tracing/fail-open.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';
import type { Request } from '../tracing/request.js';

/** `ClientKafka.publish`, which is protected: it sends a request and returns how to give it up. */
type Publish = (this: unknown, packet: ReadPacket, callback: Reply) => () => void;
type Reply = (packet: WritePacket) => unknown;

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
  if (Object.hasOwn(client, 'publish')) {
    return;
  }
  const { publish } = client as unknown as { readonly publish: Publish };
  const traced: Publish = function tracedPublish(packet, callback) {
    const request = attempt('trace a request', () =>
      tracerOf()?.startRequest(endpoint, topicOf(client, packet)),
    );
    if (request === undefined) {
      return publish.call(this, packet, callback);
    }
    const giveUp = within(request.context, () => publish.call(this, packet, observed(request, callback)));
    attempt('trace a request', () => request.hasId((packet as ReadPacket & PacketId).id));
    return () => {
      request.tornDown();
      return giveUp();
    };
  };
  Object.defineProperty(client, 'publish', { value: traced, configurable: true, writable: true });
}

function observed(request: Request, callback: Reply): Reply {
  return (packet) => {
    attempt('trace a reply', () => tell(request, packet));
    return within(request.caller, () => callback(packet));
  };
}

/** As Nest's `createObserver` reads it. */
function tell(request: Request, { err, isDisposed }: WritePacket): void {
  if (err) {
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
