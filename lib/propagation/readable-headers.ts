import { namesByField } from './context-fields.js';
import { ownNames, setHeader } from './header-names.js';
import type { KafkaHeaders, ListedHeaders } from './kafka-headers.js';

// A propagator looks for each of its headers among all, and that of Jaeger copies its baggage for each entry: of a megabyte
// of headers, which somebody may send, that takes seconds.
const MOST_HEADERS = 256;

/**
 * The headers that a propagator is given to read: these, and of more than 256 only its own, each under one name, with no
 * more baggage than that.
 *
 * @returns `undefined` where there are none, or none can be read
 * @internal
 */
export function readableHeaders(headers: KafkaHeaders): ListedHeaders | undefined {
  const names = ownNames(headers);
  if (names.length === 0) {
    return undefined;
  }
  return names.length <= MOST_HEADERS ? { headers, names } : ofPropagator(headers, names);
}

function ofPropagator(headers: KafkaHeaders, names: readonly string[]): ListedHeaders | undefined {
  const byField = namesByField(names);
  const own: Record<string, unknown> = {};
  let baggage = 0;
  try {
    for (const [{ name, kind }, namesakes] of byField) {
      baggage += kind === 'baggage' ? 1 : 0;
      if (kind !== 'baggage' || baggage <= MOST_HEADERS) {
        const values = namesakes.flatMap((namesake) => headers[namesake]);
        setHeader(own, name, values);
      }
    }
    return { headers: own, names: Object.keys(own) };
  } catch {
    return undefined; // A hostile carrier, such as one whose property getters throw.
  }
}
