// Topics made on the fly must not fill the memory.
const MOST = 1_000;

/**
 * What is made once for each key. Of the last thousand that were made all is kept, and of no more than twice as many: one key
 * too many does not lose everything, as for a consumer of so many topics it would, message by message.
 *
 * @internal
 */
export class Cache<Key, Value extends object> {
  readonly #make: (key: Key) => Value;
  #recent = new Map<Key, Value>();
  #former: ReadonlyMap<Key, Value> = new Map<Key, Value>();

  constructor(make: (key: Key) => Value) {
    this.#make = make;
  }

  of(key: Key): Value {
    return this.#recent.get(key) ?? this.#former.get(key) ?? this.#keep(key, this.#make(key));
  }

  #keep(key: Key, value: Value): Value {
    if (this.#recent.size >= MOST) {
      this.#former = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
    return value;
  }
}
