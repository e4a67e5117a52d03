import { type AsyncHook, AsyncLocalStorage, createHook } from 'node:async_hooks';
import { attempt } from '../tracing/fail-open.js';

// For what is made because something was let go, from then on each time: a connection that was closed is tried again, by OTLP
// exporters after 5 s at most (their retrying transport).
const AFTERMATH_MS = 6_000;

// What a handle was asked to do and has not done yet; it keeps the process, also where its handle does not.
const REQUEST = /(?:CONNECT|WRITE|SHUTDOWN)WRAP$/;

const PURPOSE = 'find what holds the process';

/**
 * Runs work and, unless it succeeds in time, sees to it that no timer and no connection which it has made keeps the process
 * alive any longer. What is let go goes on as long as there is a process.
 *
 * @internal
 */
export function holdNoLongerThan<T>(
  milliseconds: number,
  work: () => Promise<T>,
  aftermathMs = AFTERMATH_MS,
): Promise<T> {
  const holders = attempt(PURPOSE, () => new ProcessHolders(milliseconds, aftermathMs));
  return holders === undefined ? work() : holders.collectFrom(work);
}

/** A timer, or a handle as of a socket. */
interface Holder {
  unref(): unknown;
  close?(): unknown;
}

class ProcessHolders {
  readonly #within = new AsyncLocalStorage<true>();
  readonly #holders = new Map<number, Holder>();
  /** Whose requests are under way, by the ids of those. */
  readonly #busy = new Map<number, Holder>();
  readonly #hook: AsyncHook;
  #timer: NodeJS.Timeout;
  #isLate = false;

  constructor(
    milliseconds: number,
    private readonly aftermathMs: number,
  ) {
    this.#hook = createHook({
      // What throws in a hook ends the process.
      init: (id, type, trigger, resource) => {
        if (this.#within.getStore() === true) {
          attempt(PURPOSE, () => this.#add(id, type, trigger, resource));
        }
      },
      before: (id) => void this.#busy.delete(id),
    }).enable();
    this.#timer = setTimeout(() => this.#expire(), milliseconds).unref();
  }

  async collectFrom<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.#within.run(true, work);
    this.#stop();
    return result;
  }

  #add(id: number, type: string, trigger: number, resource: object): void {
    const holder = REQUEST.test(type) ? this.#holders.get(trigger) : holderIn(resource);
    if (holder === undefined) {
      return;
    }
    (REQUEST.test(type) ? this.#busy : this.#holders).set(id, holder);
    if (this.#isLate) {
      queueMicrotask(() => this.#letGo()); // Now it is only being made.
    }
  }

  #expire(): void {
    this.#isLate = true;
    this.#timer = setTimeout(() => this.#stop(), this.aftermathMs).unref();
    this.#letGo();
  }

  #letGo(): void {
    this.#busy.forEach((holder) => attempt('close what holds the process', () => holder.close?.()));
    this.#holders.forEach((holder) => attempt('let the process go', () => holder.unref()));
    this.#busy.clear();
    this.#timer.refresh();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#hook.disable();
    this.#within.disable();
    this.#holders.clear();
    this.#busy.clear();
  }
}

/** A connection that an agent has kept is no resource itself: it stands within one that is made for each use. */
function holderIn(resource: object): Holder | undefined {
  return [resource, (resource as { readonly handle?: unknown }).handle].find(isHolder);
}

function isHolder(candidate: unknown): candidate is Holder {
  return typeof (candidate as Partial<Holder> | null | undefined)?.unref === 'function';
}
