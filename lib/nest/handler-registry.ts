import type { ModulesContainer } from '@nestjs/core';
import { tracedEventOptionsOf } from './decorators/traced-event.decorator.js';
import { checkTracedEventOptions } from './decorators/traced-event.options.js';
import { addInterceptor, messageHandlersOf, removeInterceptor } from './interceptors/handler-interceptors.js';
import { KafkaTracingInterceptor } from './interceptors/kafka-tracing.interceptor.js';
import type { TracedApplication } from './traced-application.js';

// Handlers are methods of classes, and several applications of a process may have the same class: one interceptor serves
// them all, and stays as long as one of them lives.
const interceptor = new KafkaTracingInterceptor();
const users = new Map<object, Set<TracedApplication>>();

/**
 * Adds the interceptor to every message handler of an application.
 *
 * @throws {InvalidOptionError} for a bad option of a `@TracedEvent`
 * @internal
 */
export function interceptHandlers(modules: ModulesContainer, application: TracedApplication): void {
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype === 'function') {
        interceptHandlersOf(metatype, application);
      }
    }
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

interface NamedClass {
  readonly name: string;
  readonly prototype: object;
}

function interceptHandlersOf(controller: NamedClass, application: TracedApplication): void {
  for (const [name, handler] of messageHandlersOf(controller)) {
    const options = tracedEventOptionsOf(handler);
    if (options !== undefined) {
      checkTracedEventOptions(`${controller.name}.${name}`, options);
    }
    addInterceptor(handler, interceptor);
    users.set(handler, (users.get(handler) ?? new Set()).add(application));
  }
}
