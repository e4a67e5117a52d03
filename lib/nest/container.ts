import type { ModulesContainer } from '@nestjs/core';
import { attempt } from '../tracing/fail-open.js';

/**
 * The servers that an application has by now, of every transport.
 *
 * @internal
 */
export function serversOf(modules: ModulesContainer): readonly object[] {
  const servers = new Set<object>();
  modules
    .getRpcTargetRegistry<object>()
    .subscribe((server) => servers.add(server))
    .unsubscribe();
  return [...servers];
}

/**
 * Shows everything that an application has by now: its providers and controllers, and what those have in fields, as of
 * `@Client()` or `new`. A provider may be anything, a Proxy that throws included: then `look` goes on with the next.
 *
 * @internal
 */
export function forEachInstance(
  modules: ModulesContainer,
  purpose: string,
  look: (candidate: unknown) => void,
): void {
  for (const { providers, controllers } of modules.values()) {
    for (const { instance } of [...providers.values(), ...controllers.values()]) {
      attempt(purpose, () => {
        look(instance);
        fieldsOf(instance).forEach(look);
      });
    }
  }
}

/**
 * The values of own fields; a getter is not called.
 *
 * @internal
 */
export function fieldsOf(instance: unknown): readonly unknown[] {
  if (typeof instance !== 'object' || instance === null) {
    return [];
  }
  return Object.values(Object.getOwnPropertyDescriptors(instance)).map(({ value }) => value as unknown);
}
