import type { TracedApplication } from './traced-application.js';

interface Registry {
  /** Oldest first. */
  readonly live: TracedApplication[];
  readonly owners: WeakMap<object, TracedApplication>;
}

// Of the process, not of this file: a second copy of the library must see the same applications.
const REGISTRY = Symbol.for('nestjs-kafka-tracing.applications');
const holder = globalThis as { [REGISTRY]?: Registry };
const registry: Registry = (holder[REGISTRY] ??= { live: [], owners: new WeakMap() });

/** @internal */
export function enter(application: TracedApplication): void {
  registry.live.push(application);
}

/**
 * Forgets an application. What it owns is not traced any more.
 *
 * @internal
 */
export function leave(application: TracedApplication): void {
  const index = registry.live.indexOf(application);
  if (index >= 0) {
    registry.live.splice(index, 1);
  }
}

/** @internal */
export function newestApplication(): TracedApplication | undefined {
  return registry.live.at(-1);
}

/**
 * Says whose a server or client is. The first live one to say so is right; a client that `ClientsModule.register` made
 * belongs to a class, and so to one application of it after the other.
 *
 * @internal
 */
export function own(host: object, application: TracedApplication): void {
  const owner = registry.owners.get(host);
  if (owner === undefined || !registry.live.includes(owner)) {
    registry.owners.set(host, application);
  }
}

/**
 * The application whose options apply to a server or client: its own while that is live, and of one that nobody owns the
 * newest live one.
 *
 * @internal
 */
export function applicationOf(host: object): TracedApplication | undefined {
  const owner = registry.owners.get(host);
  if (owner === undefined) {
    return newestApplication();
  }
  return registry.live.includes(owner) ? owner : undefined;
}
