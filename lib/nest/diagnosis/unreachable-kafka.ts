import type { ModulesContainer } from '@nestjs/core';
import { ClientKafka, ServerKafka, Transport } from '@nestjs/microservices';
import { isTracedDriver } from '../../kafkajs/trace-kafka.js';
import { attempt } from '../../tracing/fail-open.js';
import { fieldsOf, forEachInstance, serversOf } from '../container.js';
import type { UnreachableKafka } from './diagnosis.types.js';

const SECOND_COPY =
  'it comes from a second copy of @nestjs/microservices, which is not traced. `npm ls @nestjs/microservices` shows who ' +
  'brings it; `npm dedupe` leaves one.';
const OWN_KAFKA =
  'it makes its Kafka by itself, which the module cannot reach. Its handlers are traced, without guards and replies; its ' +
  'sends are not. Make the Kafka with `traceKafka(new Kafka(config), config)`, and keep it in a field.';

/**
 * What handles or sends messages of Kafka and is not Nest's: strategies of the user's own, and what is of another copy of
 * Nest's package. All of it is a guess, by names: nothing else is known of it.
 *
 * @internal
 */
export function unreachableKafka(modules: ModulesContainer): readonly UnreachableKafka[] {
  const found = new Map<object, UnreachableKafka>();
  for (const server of serversOf(modules)) {
    attempt('look for servers', () => {
      const cure = cureOfServer(server);
      if (cure !== undefined) {
        found.set(server, { name: nameOf(server), cure });
      }
    });
  }
  forEachInstance(modules, 'look for clients', (candidate) => {
    if (typeof candidate === 'object' && candidate !== null && isOfSecondCopy(candidate, ClientKafka)) {
      found.set(candidate, { name: nameOf(candidate), cure: SECOND_COPY });
    }
  });
  return [...found.values()];
}

/**
 * Whether a server is one for Kafka, reached or not.
 *
 * @internal
 */
export function isKafkaServer(server: object): boolean {
  return server instanceof ServerKafka || namesKafka(server);
}

function cureOfServer(server: object): string | undefined {
  if (isOfSecondCopy(server, ServerKafka)) {
    return SECOND_COPY;
  }
  const isReached = server instanceof ServerKafka || fieldsOf(server).some(isTracedDriver);
  return !isReached && namesKafka(server) ? OWN_KAFKA : undefined;
}

function namesKafka(server: object): boolean {
  const { transportId } = server as { readonly transportId?: unknown };
  return (
    transportId === Transport.KAFKA ||
    [...classNamesOf(server), String(transportId)].some((name) => /kafka/i.test(name))
  );
}

function isOfSecondCopy(candidate: object, ours: typeof ClientKafka | typeof ServerKafka): boolean {
  return !(candidate instanceof ours) && classNamesOf(candidate).includes(ours.name);
}

/**
 * The name of an object's class.
 *
 * @internal
 */
export function nameOf(instance: object): string {
  return classNamesOf(instance)[0] ?? 'Object';
}

/** The names of its class and of those above, from below. */
function classNamesOf(instance: object): readonly string[] {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(instance) as object | null;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof made === 'function') {
      names.push(made.name);
    }
  }
  return names;
}
