import type { Context, SpanContext, TextMapSetter } from '@opentelemetry/api';
import { type ContextFields, contextFields } from './context-fields.js';
import { extractCreationContext } from './creation-context.js';
import { isNamesake, ownNames, removeHeader, setHeader } from './header-names.js';
import { type Inject, inject } from './injection.js';
import { type KafkaHeaders, isCarrier } from './kafka-headers.js';
import { isEcho } from './received-messages.js';
import { headersWithOneSpanContext } from './repeated-headers.js';

/**
 * The span context that an outgoing message carries already, if it is to be kept: one that somebody set on purpose. An
 * echo of the delivery that is handled in `active`, or an invalid one, is not.
 *
 * @internal
 */
export function presetCreationContext(
  headers: unknown,
  active: Context,
  fields?: ContextFields,
): SpanContext | undefined {
  const spanContext = isCarrier(headers) ? spanContextIn(headers, fields) : undefined;
  return spanContext === undefined || isEcho(active, headers as KafkaHeaders, () => spanContext)
    ? undefined
    : spanContext;
}

function spanContextIn(headers: KafkaHeaders, fields?: ContextFields): SpanContext | undefined {
  return hasSpan(headers, fields) ? extractCreationContext(headers).spanContext : undefined;
}

function hasSpan(headers: KafkaHeaders, known?: ContextFields): boolean {
  const names = ownNames(headers);
  if (names.length === 0) {
    return false;
  }
  const fields = known ?? contextFields();
  return names.some((name) => fields(name)?.kind === 'span');
}

/**
 * The headers that carry `context`: a copy of those given, or the very same object where there is nothing to change, or no
 * copy can be made. Every header that the propagator writes replaces its namesakes in all letter cases. Where it writes a
 * span, and the headers have a stale one, all of that goes: its state, its baggage, what else the propagator may read. All
 * of that goes in any case where the headers echo what is handled in `context`: its producer may not be trusted.
 *
 * @param known what headers are to the propagator, where that was asked for already
 * @param injected how the context is written, where that is known for several messages
 * @internal
 */
export function headersWithContext(
  headers: unknown,
  context: Context,
  known?: ContextFields,
  injected: Inject = inject,
): unknown {
  if (headers !== null && headers !== undefined && !isCarrier(headers)) {
    return headers; // Not headers: for kafkajs to refuse in its own words.
  }
  if (!isCarrier(headers)) {
    const written = writtenFor(context, injected);
    return Object.keys(written).length === 0 ? headers : written;
  }
  const fields = known ?? contextFields();
  const own = ownNames(headers);
  if (own.every((name) => fields(name) === undefined)) {
    return headersWithMore(headers, own.length, context, fields, injected);
  }
  const written = writtenFor(context, injected);
  const names = Object.keys(written);
  const isEchoed = isEcho(context, headers, (given) => spanContextIn(given, fields));
  if (names.length === 0 && !isEchoed) {
    return headersWithOneSpanContext(headers);
  }
  try {
    return replaced(headers, written, namesReplacedBy(names, own, fields, isEchoed));
  } catch {
    return headers; // A hostile carrier, such as one whose property getters throw.
  }
}

/** As of most messages: none of the headers is the propagator's, and what it writes is added. */
function headersWithMore(
  headers: KafkaHeaders,
  count: number,
  context: Context,
  fields: ContextFields,
  injected: Inject,
): KafkaHeaders {
  const copy = copyOf(headers, count);
  if (copy === undefined) {
    return headers;
  }
  const written = new Written(copy, fields);
  injected(context, written, adder);
  return written.count === 0 ? headers : copy;
}

// Below it, V8 adds to what `Object.assign` makes many times as fast as to what `{ ...headers }` makes.
const MANY_HEADERS = 48;

function copyOf(headers: KafkaHeaders, count: number): Record<string, unknown> | undefined {
  try {
    return count > MANY_HEADERS || Object.hasOwn(headers, '__proto__') ? { ...headers } : assigned(headers);
  } catch {
    return undefined; // A hostile carrier, such as one whose property getters throw.
  }
}

function assigned(headers: KafkaHeaders): Record<string, unknown> {
  try {
    return Object.assign({}, headers);
  } catch {
    return { ...headers }; // With a frozen `Object.prototype` no header named as a member of it can be assigned.
  }
}

class Written {
  count = 0;

  constructor(
    readonly headers: Record<string, unknown>,
    readonly fields: ContextFields,
  ) {}
}

const adder: TextMapSetter<Written> = {
  set(written, name, value: unknown) {
    if (typeof value === 'string') {
      written.count += 1;
      if (written.fields(name) === undefined) {
        removeHeader(written.headers, name); // It may write what it does not name among its fields.
      }
      setHeader(written.headers, name, value);
    }
  },
};

// kafkajs refuses a header that is no string: what a propagator of somebody's own writes must not fail the send.
const writer: TextMapSetter<Record<string, unknown>> = {
  set(written, name, value: unknown) {
    if (typeof value === 'string') {
      setHeader(written, name, value);
    }
  },
};

function writtenFor(context: Context, injected: Inject): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  injected(context, written, writer);
  return written;
}

function replaced(
  headers: KafkaHeaders,
  written: KafkaHeaders,
  replacedNames: readonly string[],
): KafkaHeaders {
  const copy: Record<string, unknown> = { ...headers };
  for (const name of replacedNames) {
    delete copy[name];
  }
  for (const [name, value] of Object.entries(written)) {
    setHeader(copy, name, value);
  }
  return copy;
}

function namesReplacedBy(
  written: readonly string[],
  own: readonly string[],
  fields: ContextFields,
  isEchoed: boolean,
): readonly string[] {
  const namesakes: string[] = [];
  const others: string[] = [];
  let hasSpan = false;
  for (const name of own) {
    const field = fields(name);
    hasSpan ||= field !== undefined && field.kind !== 'baggage';
    if (written.some((one) => isNamesake(one, name))) {
      namesakes.push(name);
    } else if (field !== undefined) {
      others.push(name);
    }
  }
  // A lone baggage stays where the propagator writes none; beside a span it belongs to that.
  return isEchoed || (hasSpan && written.some((name) => fields(name)?.kind === 'span'))
    ? [...namesakes, ...others]
    : namesakes;
}

/**
 * The headers with one more, unless they have it already.
 *
 * @internal
 */
export function headersWith(headers: unknown, name: string, value: string): unknown {
  try {
    return headers !== null && headers !== undefined && (!isCarrier(headers) || Object.hasOwn(headers, name))
      ? headers
      : { ...headers, [name]: value };
  } catch {
    return headers; // A hostile carrier, such as one whose property getters throw.
  }
}
