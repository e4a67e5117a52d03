import { type Delivered, Delivery } from './delivery.js';

// A function keeps it itself: to the garbage collector an entry of a WeakMap costs more than most of a delivery.
const REMEMBERED = Symbol('nestjs-kafka-tracing delivery');
const remembered = new WeakMap<object, Delivery | Delivered>();

interface Token {
  [REMEMBERED]?: Delivery | Delivered;
}

/**
 * Remembers a delivery by an object that belongs to it alone, so that it is found also where no context manager is registered;
 * or a message whose handling is not traced.
 *
 * @internal
 */
export function rememberDelivery(token: object, delivery: Delivery | Delivered): void {
  if (typeof token === 'function' && Object.isExtensible(token)) {
    (token as Token)[REMEMBERED] = delivery;
  } else {
    remembered.set(token, delivery);
  }
}

/** @internal */
export function deliveryOf(token: object): Delivery | undefined {
  const found = rememberedBy(token);
  return found instanceof Delivery ? found : undefined;
}

/** @internal */
export function deliveredOf(token: object): Delivered | undefined {
  const found = rememberedBy(token);
  return found instanceof Delivery ? found.delivered : found;
}

function rememberedBy(token: object): Delivery | Delivered | undefined {
  return (token as Token)[REMEMBERED] ?? remembered.get(token);
}
