import type { KafkaTracingInterceptor } from './kafka-tracing.interceptor.js';

// Nest's metadata keys: what marks a method as a message handler, and what runs around it.
/** @internal */
export const PATTERN_METADATA = 'microservices:pattern';
const INTERCEPTORS_METADATA = '__interceptors__';

/**
 * The methods of a controller by name, inherited ones included.
 *
 * @internal
 */
export function methodsOf(controller: { readonly prototype: object }): ReadonlyMap<string, object> {
  const methods = new Map<string, object>();
  for (
    let prototype: object | null = controller.prototype;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function' && !methods.has(name)) {
        methods.set(name, value as object);
      }
    }
  }
  return methods;
}

/** @internal */
export function isMessageHandler(method: object): boolean {
  return Reflect.hasMetadata(PATTERN_METADATA, method);
}

/**
 * The topics that a handler is for, as text.
 *
 * @internal
 */
export function patternsOf(handler: object): readonly string[] {
  return (Reflect.getMetadata(PATTERN_METADATA, handler) as unknown[]).map(String);
}

/**
 * Adds an interceptor to a handler, as the innermost: it sees the handler's own exceptions. On the method, since global
 * interceptors of a hybrid application do not run for messages unless it inherits its configuration.
 *
 * @internal
 */
export function addInterceptor(handler: object, interceptor: KafkaTracingInterceptor): void {
  const present = interceptorsOf(handler);
  if (!present.includes(interceptor)) {
    Reflect.defineMetadata(INTERCEPTORS_METADATA, [...present, interceptor], handler);
  }
}

/** @internal */
export function removeInterceptor(handler: object, interceptor: KafkaTracingInterceptor): void {
  const rest = interceptorsOf(handler).filter((present) => present !== interceptor);
  if (rest.length === 0) {
    Reflect.deleteMetadata(INTERCEPTORS_METADATA, handler);
  } else {
    Reflect.defineMetadata(INTERCEPTORS_METADATA, rest, handler);
  }
}

function interceptorsOf(handler: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, handler) as unknown[] | undefined) ?? [];
}
