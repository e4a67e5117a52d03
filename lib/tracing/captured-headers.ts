import type { Attributes } from '@opentelemetry/api';
import { isCarrier } from '../propagation/kafka-headers.js';
import { printable } from './printable.js';
import { MESSAGING_HEADER } from './semconv.js';

/**
 * The headers that the user wants to see on spans: an allow-list, in any letter case.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/ on `http.request.header.<key>`, which this follows
 * @internal
 */
export class CapturedHeaders {
  readonly #attributes: ReadonlyMap<string, string>;

  constructor(names: readonly string[]) {
    this.#attributes = new Map(
      names.map((name) => [name.toLowerCase(), `${MESSAGING_HEADER}.${name.toLowerCase()}`]),
    );
  }

  of(headers: unknown): Attributes {
    const attributes: Attributes = {};
    if (!isCarrier(headers)) {
      return attributes;
    }
    for (const name of Object.keys(headers)) {
      const attribute = this.#attributes.get(name.toLowerCase());
      const values = attribute === undefined ? [] : printableValues(headers[name]);
      if (attribute !== undefined && values.length > 0) {
        const inOtherCases = (attributes[attribute] as string[] | undefined) ?? [];
        attributes[attribute] = [...inOtherCases, ...values].slice(0, MOST_VALUES);
      }
    }
    return attributes;
  }
}

// A header that is repeated thousands of times must not fill a span.
const MOST_VALUES = 16;

function printableValues(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value.slice(0, MOST_VALUES) : [value];
  return values.map(printable).filter((text) => text !== undefined);
}
