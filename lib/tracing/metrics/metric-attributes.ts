import type { Attributes } from '@opentelemetry/api';
import { type KafkaEndpoint, serverOf } from '../attributes.js';
import { Cache } from '../cache.js';
import * as semconv from '../semconv.js';

/** The types of those operations that `messaging.client.operation.duration` measures; the other metrics ask for none. */
const OPERATION_TYPES: Readonly<Record<string, string | undefined>> = {
  send: 'send',
  send_offsets: 'settle',
};

/** What has been built for one operation of an endpoint. */
interface Built {
  readonly byTopic: Cache<string | undefined, Readonly<Attributes>>;
  readonly byTemplate: Cache<string, Readonly<Attributes>>;
}

/**
 * Makes the attributes of metrics, once for each endpoint, operation and topic. They have few values: a template stands for
 * its topics, and there is no key, offset, partition or client id. They have the latest names only.
 *
 * @internal
 */
export class MetricAttributes {
  readonly #built = new WeakMap<KafkaEndpoint, Map<string, Built>>();

  /**
   * @param topic `undefined` where the operation is about none, or about several
   * @param template the one of the topic's rule
   * @returns a frozen object, the same each time
   */
  of(
    endpoint: KafkaEndpoint,
    operation: string,
    topic: string | undefined,
    template?: string,
  ): Readonly<Attributes> {
    const { byTopic, byTemplate } = this.#builtFor(endpoint, operation);
    return template === undefined ? byTopic.of(topic) : byTemplate.of(template);
  }

  #builtFor(endpoint: KafkaEndpoint, operation: string): Built {
    let operations = this.#built.get(endpoint);
    if (operations === undefined) {
      operations = new Map();
      this.#built.set(endpoint, operations);
    }
    let built = operations.get(operation);
    if (built === undefined) {
      const of = (name: string, destination: string | undefined) =>
        build(endpoint, operation, name, destination);
      built = {
        byTopic: new Cache((topic) => of(semconv.MESSAGING_DESTINATION_NAME, topic)),
        byTemplate: new Cache((template) => of(semconv.MESSAGING_DESTINATION_TEMPLATE, template)),
      };
      operations.set(operation, built);
    }
    return built;
  }
}

function build(
  endpoint: KafkaEndpoint,
  operation: string,
  destinationName: string,
  destination: string | undefined,
): Readonly<Attributes> {
  const server = serverOf(endpoint.brokers);
  const all = {
    [semconv.MESSAGING_SYSTEM_NAME]: semconv.MESSAGING_SYSTEM_KAFKA,
    [semconv.MESSAGING_OPERATION_NAME]: operation,
    [semconv.MESSAGING_OPERATION_TYPE]: OPERATION_TYPES[operation],
    [destinationName]: destination,
    [semconv.MESSAGING_CONSUMER_GROUP_NAME]: endpoint.groupId,
    [semconv.SERVER_ADDRESS]: server?.address,
    [semconv.SERVER_PORT]: server?.port,
  };
  return Object.freeze(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
}
