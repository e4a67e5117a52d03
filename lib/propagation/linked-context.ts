import type { Context } from '@opentelemetry/api';

// A context may be made of another for ever, as in a loop: past so many values they are put together.
const MOST_VALUES = 16;

/** A context with one more value than another one. The API's own `setValue` copies all values into a new `Map`. */
class LinkedContext implements Context {
  readonly #before: Context;
  readonly #key: symbol | undefined;
  readonly #value: unknown;
  readonly #length: number;

  constructor(before: Context, key?: symbol, value?: unknown) {
    this.#before = before;
    this.#key = key;
    this.#value = value;
    this.#length = #length in before ? before.#length + 1 : 1;
  }

  static #valueIn(context: Context, key: symbol): unknown {
    let latest = context;
    while (#key in latest) {
      if (latest.#key === key) {
        return latest.#value;
      }
      latest = latest.#before;
    }
    return latest.getValue(key);
  }

  /** The same values in a context of the one beneath all of these. */
  static #together(context: Context): Context {
    const values = new Map<symbol, unknown>();
    let latest = context;
    while (#key in latest) {
      if (latest.#key !== undefined && !values.has(latest.#key)) {
        values.set(latest.#key, latest.#value);
      }
      latest = latest.#before;
    }
    return [...values].reduce((beneath, [key, value]) => beneath.setValue(key, value), latest);
  }

  getValue(key: symbol): unknown {
    return LinkedContext.#valueIn(this, key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new LinkedContext(this.#length < MOST_VALUES ? this : LinkedContext.#together(this), key, value);
  }

  /** Nobody can tell a value that is `undefined` from one that is missing. */
  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }
}

/**
 * The same context, such that it costs little to set a value.
 *
 * @internal
 */
export function linked(context: Context): Context {
  return context instanceof LinkedContext ? context : new LinkedContext(context);
}

/**
 * A context with one more value.
 *
 * @internal
 */
export function withValue(context: Context, key: symbol, value: unknown): Context {
  return linked(context).setValue(key, value);
}
