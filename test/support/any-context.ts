import {
  type Context,
  ROOT_CONTEXT,
  baggageEntryMetadataFromString,
  createTraceState,
  propagation,
  trace,
} from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import * as fc from 'fast-check';
import { anyCharacters, anyName } from './any-headers.js';
import { remoteSpan, withBaggage } from './trace-context.js';

/** A context to inject: valid, and with what every propagator can carry. */
export function anyContext(): fc.Arbitrary<Context> {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    .filter((text) => text.trim() === text);
  return fc
    .tuple(hex(32), hex(16), fc.integer({ min: 0, max: 1 }), fc.dictionary(name, value, { maxKeys: 4 }))
    .map(([traceId, spanId, traceFlags, entries]) =>
      withBaggage(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags }), entries),
    );
}

function hex(digits: number): fc.Arbitrary<string> {
  return fc.stringMatching(new RegExp(`^[1-9a-f][0-9a-f]{${digits - 1}}$`));
}

/** A context with baggage and a tracestate that may be anything, and more than is allowed. */
export function hugeContext(): fc.Arbitrary<Context> {
  const members = fc.array(anyMember(), { maxLength: 9 });
  return fc
    .tuple(fc.array(fc.tuple(anyName(), anyEntry()), { maxLength: 12 }), members, fc.boolean())
    .map(([entries, pairs, isOfSdk]) => {
      const raw = pairs.map((pair) => pair.join('=')).join(',');
      const traceState = isOfSdk ? new TraceState(raw) : createTraceState(raw);
      const spanContext = { ...remoteSpan(1), ...(pairs.length === 0 ? {} : { traceState }) };
      const baggage = propagation.createBaggage(Object.fromEntries(entries) as never);
      return propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, spanContext), baggage);
    });
}

function anyEntry(): fc.Arbitrary<unknown> {
  const text = fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength: 3 }) },
    anyCharacters(),
    fc.string({ maxLength: 2_000 }),
    fc.constantFrom('\ud800', 'x\udfff'),
  );
  return fc.record({
    value: fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: fc.anything() }),
    metadata: fc.option(text.map(baggageEntryMetadataFromString), { nil: undefined }),
  });
}

/** A member of a tracestate, as the standard allows them, and longer ones. */
function anyMember(): fc.Arbitrary<readonly [key: string, value: string]> {
  return fc.tuple(fc.stringMatching(/^[a-z]{1,9}$/), fc.stringMatching(/^[!-+--<>-~]{1,200}$/));
}
