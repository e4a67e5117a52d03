import type { ModulesContainer } from '@nestjs/core';

/**
 * Calls a function after all other shutdown hooks of an application. Nest calls those of global modules last, and among them
 * those of the module that it made first, its own, as the very last: there one more is put.
 *
 * @throws where Nest has none that takes one
 * @internal
 */
export function afterAllHooks(modules: ModulesContainer, hook: () => Promise<void>): void {
  const [internal] = modules.values();
  if (internal?.isGlobal !== true) {
    throw new TypeError('Expected the first module of the application to be global.');
  }
  const useValue = { onApplicationShutdown: hook };
  internal.addProvider({ provide: Symbol('nestjs-kafka-tracing.last-hook'), useValue });
}
