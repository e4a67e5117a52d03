import { type Context, type SpanContext, propagation } from '@opentelemetry/api';
import { extractCreationContext, isEcho } from './creation-context.js';
import {
  type KafkaHeaders,
  headerText,
  isCarrier,
  kafkaHeadersGetter,
  namesakes,
  removeHeader,
  setHeader,
} from './kafka-headers.js';

/**
 * The span context that an outgoing message carries already, if it is to be kept: one that somebody set on purpose. An
 * echo of the delivery that is handled in `active`, or an invalid one, is not.
 *
 * @internal
 */
export function presetCreationContext(headers: unknown, active: Context): SpanContext | undefined {
  if (!isCarrier(headers) || !propagation.fields().some((field) => namesakes(headers, field).length > 0)) {
    return undefined;
  }
  const { spanContext } = extractCreationContext(headers);
  return spanContext === undefined || isEcho(active, spanContext) ? undefined : spanContext;
}

/**
 * The headers that carry `context`: a copy of those given, or the very same object where there is nothing to write.
 * What the propagator would write is removed first, in every letter case, if the headers hold a stale span context.
 *
 * @internal
 */
export function headersWithContext(headers: unknown, context: Context): unknown {
  if (headers !== null && headers !== undefined && !isCarrier(headers)) {
    return headers; // Not headers: for kafkajs to refuse in its own words.
  }
  const written: [name: string, value: string][] = [];
  propagation.inject(context, written, recorder);
  if (written.length === 0) {
    return headers;
  }
  const copy: Record<string, unknown> = { ...headers };
  if (isCarrier(headers) && hasSpanHeader(headers)) {
    propagation.fields().forEach((field) => removeHeader(copy, field));
  }
  for (const [name, value] of written) {
    removeHeader(copy, name);
    setHeader(copy, name, value);
  }
  return copy;
}

/**
 * The same headers with one traceparent: where it is repeated, the last valid one.
 *
 * @internal
 */
export function headersWithOneTraceparent(headers: unknown): unknown {
  if (!isCarrier(headers)) {
    return headers;
  }
  const names = namesakes(headers, 'traceparent');
  const valid = kafkaHeadersGetter.get(headers, 'traceparent');
  if (
    typeof valid !== 'string' ||
    (names.length === 1 && headerText(headers[names[0] as string]) === valid)
  ) {
    return headers;
  }
  const copy: Record<string, unknown> = { ...headers };
  removeHeader(copy, 'traceparent');
  copy['traceparent'] = valid;
  return copy;
}

/**
 * The headers with one more, unless they have it already.
 *
 * @internal
 */
export function headersWith(headers: unknown, name: string, value: string): unknown {
  if (headers !== null && headers !== undefined && (!isCarrier(headers) || Object.hasOwn(headers, name))) {
    return headers;
  }
  return { ...headers, [name]: value };
}

// kafkajs refuses a header that is no string: what a propagator of somebody's own writes must not fail the send.
const recorder = {
  set(written: [string, string][], name: string, value: unknown): void {
    if (typeof value === 'string') {
      written.push([name, value]);
    }
  },
};

// A lone baggage header stays where the propagator writes none; beside a span context it belongs to that.
function hasSpanHeader(headers: KafkaHeaders): boolean {
  return propagation
    .fields()
    .some((field) => field.toLowerCase() !== 'baggage' && namesakes(headers, field).length > 0);
}
