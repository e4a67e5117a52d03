import type { Attributes } from '@opentelemetry/api';
import * as semconv from './semconv.js';

/**
 * What a message, or its topic, may say of itself; each combination is a shape of its own.
 *
 * @internal
 */
export interface Said {
  readonly topic?: string | undefined;
  readonly template?: string | undefined;
  readonly key?: string | undefined;
  readonly partition?: number | null | undefined;
  readonly offset?: string | undefined;
}

const TOPIC = 1;
const TEMPLATE = 2;
const KEY = 4;
const PARTITION = 8;
const OFFSET = 16;

/**
 * What is the same for all messages, with places for what each says of itself, so that a copy is filled, and does not grow.
 * To add to an object by one name after the other is what costs.
 *
 * @internal
 */
export class AttributeTemplate {
  readonly #same: Attributes;
  readonly #both: boolean;
  readonly #copyOf: (shape: Attributes) => Attributes;
  readonly #shapes: Attributes[] = [];

  /**
   * @param both whether attributes have their former names, too
   * @param copyOf `(shape) => ({ ...shape })`, written once for each kind of template: V8 copies at one go where it has seen up
   * to four shapes in one place, and takes eight times as long where there were more
   */
  constructor(same: Attributes, both: boolean, copyOf: (shape: Attributes) => Attributes) {
    this.#same = same;
    this.#both = both;
    this.#copyOf = copyOf;
  }

  /** A new object each time; what is `undefined` is not in it. */
  filled({ topic, template, key, partition, offset }: Said): Attributes {
    const hasPartition = partition !== undefined && partition !== null;
    const shape =
      (topic === undefined ? 0 : TOPIC) |
      (template === undefined ? 0 : TEMPLATE) |
      (key === undefined ? 0 : KEY) |
      (hasPartition ? PARTITION : 0) |
      (offset === undefined ? 0 : OFFSET);
    const attributes = this.#copyOf((this.#shapes[shape] ??= this.#build(shape)));
    if (topic !== undefined) {
      attributes[semconv.MESSAGING_DESTINATION_NAME] = topic;
    }
    if (template !== undefined) {
      attributes[semconv.MESSAGING_DESTINATION_TEMPLATE] = template;
    }
    if (key !== undefined) {
      attributes[semconv.KAFKA_MESSAGE_KEY] = key;
      if (this.#both) {
        attributes[semconv.MESSAGING_KAFKA_MESSAGE_KEY] = key;
      }
    }
    if (hasPartition) {
      attributes[semconv.MESSAGING_DESTINATION_PARTITION_ID] = String(partition);
    }
    if (offset !== undefined) {
      const at = Number(offset);
      attributes[semconv.KAFKA_OFFSET] = at;
      if (this.#both) {
        attributes[semconv.MESSAGING_KAFKA_OFFSET] = at;
      }
    }
    return attributes;
  }

  #build(shape: number): Attributes {
    const attributes = { ...this.#same };
    const set = (name: string, place: string | number | undefined): void =>
      setAttribute(attributes, name, place, this.#both);
    set(semconv.MESSAGING_DESTINATION_NAME, shape & TOPIC ? '' : undefined);
    set(semconv.MESSAGING_DESTINATION_TEMPLATE, shape & TEMPLATE ? '' : undefined);
    set(semconv.KAFKA_MESSAGE_KEY, shape & KEY ? '' : undefined);
    set(semconv.MESSAGING_DESTINATION_PARTITION_ID, shape & PARTITION ? '' : undefined);
    set(semconv.KAFKA_OFFSET, shape & OFFSET ? 0 : undefined);
    // As JSON makes them, all names at once: only of such an object is a copy cheap.
    return JSON.parse(JSON.stringify(attributes)) as Attributes;
  }
}

/**
 * Sets an attribute, unless it is `undefined`.
 *
 * @param both whether under its former name, too
 * @internal
 */
export function setAttribute(
  attributes: Attributes,
  name: string,
  value: string | number | boolean | undefined,
  both: boolean,
): void {
  if (value === undefined) {
    return;
  }
  attributes[name] = value;
  const former = both ? semconv.FORMER_NAMES[name] : undefined;
  if (former !== undefined) {
    attributes[former] = value;
  }
}
