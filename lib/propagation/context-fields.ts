import { propagation } from '@opentelemetry/api';

/**
 * What a header is to the propagator that is registered: it says which span (`'span'`), goes with that (`'state'`), or may
 * stand alone (`'baggage'`).
 *
 * @internal
 */
export interface ContextField {
  /** As the propagator writes it. */
  readonly name: string;
  readonly kind: 'span' | 'state' | 'baggage';
}

/** @internal */
export type ContextFields = (header: string) => ContextField | undefined;

let known: { readonly fields: readonly string[]; readonly lookUp: ContextFields } | undefined;

/**
 * Tells of a header's name, in any letter case, what it is to the propagator that is registered now; `undefined` for one
 * that is none of its.
 *
 * @internal
 */
export function contextFields(): ContextFields {
  const fields = propagation.fields();
  if (known === undefined || !isSame(fields, known.fields)) {
    known = { fields: [...fields], lookUp: lookUpOf(fields) };
  }
  return known.lookUp;
}

/**
 * The names among these that the propagator knows, together where they are the same field in other letter cases. A field is
 * to be read once, under however many names it stands: one of B3 has 16,384 letter cases, and somebody may send them all.
 *
 * @internal
 */
export function namesByField(names: readonly string[]): ReadonlyMap<ContextField, readonly string[]> {
  const fields = contextFields();
  const byField = new Map<ContextField, string[]>();
  for (const name of names) {
    const field = fields(name);
    const namesakes = field === undefined ? undefined : byField.get(field);
    if (namesakes !== undefined) {
      namesakes.push(name);
    } else if (field !== undefined) {
      byField.set(field, [name]);
    }
  }
  return byField;
}

// A propagator of B3 writes one encoding, names only that, and reads both.
const B3 = ['b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'];

// The propagator of Jaeger names only its first header, and has one for each entry of baggage.
const JAEGER = 'uber-trace-id';
const JAEGER_BAGGAGE = 'uberctx-';

function lookUpOf(fields: readonly string[]): ContextFields {
  const names = fields.some((field) => B3.includes(field.toLowerCase())) ? [...B3, ...fields] : fields;
  const known = new Map(names.map((name) => [name.toLowerCase(), { name, kind: kindOf(name) }] as const));
  const isOfLength: boolean[] = Array.from({ length: 64 }, () => false); // Most headers need no further look.
  names.forEach(({ length }) => (isOfLength[length] = true));
  const ofField: ContextFields = (header) =>
    isOfLength[header.length] === true ? known.get(header.toLowerCase()) : undefined;
  return known.has(JAEGER) ? (header) => ofField(header) ?? jaegerBaggage(header) : ofField;
}

function jaegerBaggage(header: string): ContextField | undefined {
  const prefix = header.slice(0, JAEGER_BAGGAGE.length);
  return prefix.toLowerCase() === JAEGER_BAGGAGE ? { name: header, kind: 'baggage' } : undefined;
}

function kindOf(field: string): ContextField['kind'] {
  switch (field.toLowerCase()) {
    case 'baggage':
      return 'baggage';
    case 'tracestate':
      return 'state';
    default:
      return 'span';
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((field, index) => field === other[index]);
}
