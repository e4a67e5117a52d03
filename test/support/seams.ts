/// <reference types="vite/types/importMeta.d.ts" />
import { vi } from 'vitest';

type Exports = Readonly<Record<string, unknown>>;
type Call = (this: unknown, ...args: unknown[]) => unknown;

/** Every module of the library itself; what it gives to tests runs in no application. */
const MODULES = Object.keys(import.meta.glob(['../../lib/**/*.ts', '!../../lib/testing/**']));

/**
 * The places where one module of the library calls another: its exported functions, and the constructors, methods and accessors
 * of its exported classes. They are found in the module graph, so that a new one is among them by itself. What is called is
 * recorded, and one of them can be made to throw.
 */
export class Seams {
  readonly #all = new Set<string>();
  readonly #called = new Set<string>();
  readonly #watching = new WeakSet<object>();
  #broken: string | undefined;
  #throws = 0;

  /** From the next import of the library on, and until `vi.resetModules` and another call of this. */
  constructor() {
    for (const path of MODULES) {
      const module = path.slice('../../lib/'.length, -'.ts'.length);
      vi.doMock(path, async (importOriginal) => this.#watched(module, await importOriginal<Exports>()));
    }
  }

  /** Those of every module that was imported. */
  get all(): readonly string[] {
    return [...this.#all].toSorted();
  }

  get called(): readonly string[] {
    return [...this.#called].toSorted();
  }

  /** How often it has thrown. */
  get throws(): number {
    return this.#throws;
  }

  /** What was called until now. */
  forget(): void {
    this.#called.clear();
  }

  break(name: string): void {
    this.#broken = name;
    this.#throws = 0;
  }

  mend(): void {
    this.#broken = undefined;
  }

  #enter(name: string): void {
    this.#called.add(name);
    if (name === this.#broken) {
      this.#throws += 1;
      throw new Error(`boom in ${name}`);
    }
  }

  #watched(module: string, exports: Exports): Exports {
    const watched = Object.entries(exports).map(([name, value]) => {
      const seam = `${module} ${name}`;
      if (typeof value !== 'function' || this.#watching.has(value)) {
        return [name, value]; // Or is only exported again.
      }
      const of = isClass(value) ? this.#watchedClass(seam, value) : this.#watchedCall(seam, value as Call);
      this.#watching.add(of);
      return [name, of];
    });
    return Object.fromEntries(watched) as Exports;
  }

  #watchedCall(seam: string, call: Call): Call {
    this.#all.add(seam);
    const enter = () => this.#enter(seam);
    const watched: Call = function watched(...args) {
      enter();
      return call.apply(this, args);
    };
    return watched;
  }

  /** Its methods are watched in place. Nest knows a class of its own by its identity, and makes it itself. */
  #watchedClass(seam: string, watched: Function): object {
    this.#watchMembers(seam, watched);
    this.#watchMembers(`${seam}#`, watched.prototype as object);
    if (Reflect.getMetadataKeys(watched).length > 0) {
      return watched;
    }
    this.#all.add(`new ${seam}`);
    return new Proxy(watched, {
      construct: (target, args, newTarget) => {
        this.#enter(`new ${seam}`);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  }

  #watchMembers(seam: string, owner: object): void {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      const { value, get } = member;
      const call = (value ?? get) as unknown;
      if (name === 'constructor' || typeof call !== 'function' || !member.configurable) continue;
      const watched = this.#watchedCall(`${seam}.${name}`, call as Call);
      Object.defineProperty(
        owner,
        name,
        value === undefined ? { ...member, get: watched } : { ...member, value: watched },
      );
    }
  }
}

function isClass(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
