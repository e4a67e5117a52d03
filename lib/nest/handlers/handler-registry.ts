import type { ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../../errors/index.js';
import { tracedEventOptionsOf } from '../decorators/traced-event.decorator.js';
import { checkTracedEventOptions } from '../decorators/traced-event.options.js';
import { type NamedHandler, refuseDisagreement } from './handler-agreement.js';
import {
  addInterceptor,
  isMessageHandler,
  methodsOf,
  removeInterceptor,
} from '../interceptors/handler-interceptors.js';
import { KafkaTracingInterceptor } from '../interceptors/kafka-tracing.interceptor.js';
import type { TracedApplication } from '../traced-application.js';

// Handlers are methods of classes, and several applications of a process may have the same class: one interceptor serves
// them all, and stays as long as one of them lives.
const interceptor = new KafkaTracingInterceptor();
const users = new Map<object, Set<TracedApplication>>();

/**
 * Adds the interceptor to every message handler of an application.
 *
 * @throws {InvalidOptionError} for a bad option of a `@TracedEvent`
 * @throws {ConflictingHandlersError} where handlers of one topic disagree on its process span
 * @internal
 */
export function interceptHandlers(modules: ModulesContainer, application: TracedApplication): void {
  const handlers = handlersIn(modules);
  refuseDisagreement(handlers);
  for (const { method } of handlers) {
    addInterceptor(method, interceptor);
    users.set(method, (users.get(method) ?? new Set()).add(application));
  }
}

/**
 * Removes the interceptor from the handlers that no other application has.
 *
 * @internal
 */
export function releaseHandlers(application: TracedApplication): void {
  for (const [handler, applications] of users) {
    if (applications.delete(application) && applications.size === 0) {
      users.delete(handler);
      removeInterceptor(handler, interceptor);
    }
  }
}

/**
 * The message handlers of an application, of every transport.
 *
 * @throws {InvalidOptionError} for a bad option of a `@TracedEvent`
 * @internal
 */
export function handlersIn(modules: ModulesContainer): readonly NamedHandler[] {
  return [...modules.values()].flatMap(({ controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) =>
      typeof metatype === 'function' ? handlersOf(metatype) : [],
    ),
  );
}

interface NamedClass {
  readonly name: string;
  readonly prototype: object;
}

function handlersOf(controller: NamedClass): readonly NamedHandler[] {
  const handlers: NamedHandler[] = [];
  for (const [name, method] of methodsOf(controller)) {
    const handler = `${controller.name}.${name}`;
    const options = tracedEventOptionsOf(method);
    if (options !== undefined) {
      checkTracedEventOptions(handler, options);
    }
    if (isMessageHandler(method)) {
      handlers.push({ handler, method, options: options ?? {} });
    } else if (options !== undefined) {
      const cure =
        "Give it one, as in @TracedEvent('order-events', options), or put @EventPattern beside it.";
      throw new InvalidOptionError(`@TracedEvent on ${handler}`, 'to have a topic', undefined, cure);
    }
  }
  return handlers;
}
