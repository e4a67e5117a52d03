import { PATTERN_METADATA } from '../interceptors/handler-interceptors.js';

// Nest's metadata keys: whether a handler is for events or for requests, and of which transport.
const HANDLER_TYPE_METADATA = 'microservices:handler_type';
const TRANSPORT_METADATA = 'microservices:transport';

// A member of Nest's enum, which it does not export.
const EVENT_HANDLER = 2;

/** @internal */
export function kindOf(handler: object): 'event' | 'request' {
  return Reflect.getMetadata(HANDLER_TYPE_METADATA, handler) === EVENT_HANDLER ? 'event' : 'request';
}

/**
 * The patterns of a handler as they were given: strings, regular expressions, objects.
 *
 * @internal
 */
export function rawPatternsOf(handler: object): readonly unknown[] {
  return Reflect.getMetadata(PATTERN_METADATA, handler) as unknown[];
}

/**
 * Whether Nest gives a handler to a server: unless either says nothing, their transports must agree.
 *
 * @internal
 */
export function isServedBy(handler: object, server: object): boolean {
  const transport: unknown = Reflect.getMetadata(TRANSPORT_METADATA, handler);
  const { transportId } = server as { readonly transportId?: unknown };
  return transport === undefined || transportId === undefined || transport === transportId;
}
