import { type BaggageEntry, type Context, propagation, trace } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kafkaHeadersSetter } from '../../lib/propagation/kafka-headers.js';
import { type PropagationLimits, propagationLimiter } from '../../lib/propagation/propagation-limiter.js';
import { hugeContext } from '../support/any-context.js';
import { anyName } from '../support/any-headers.js';

// The same cases each time; what fails is printed with the seed and the path to it.
fc.configureGlobal({ seed: 20_261_104, numRuns: 300 });

describe('a context that is kept within limits', () => {
  it('has of its baggage what is allowed and fits, and nothing else', () => {
    fc.assert(
      fc.property(anyLimits(), hugeContext(), (limits, context) => {
        const { limited, dropped } = limit(limits, context);
        const [before, after] = [entriesIn(context), entriesIn(limited)];
        const names = before.map(([name]) => name);
        expect(before).toEqual(expect.arrayContaining(after));
        expect(limits.baggage.allow ?? names).toEqual(expect.arrayContaining(after.map(([name]) => name)));
        expect(after.length).toBeLessThanOrEqual(limits.baggage.maxEntries);
        expect(Buffer.byteLength(headerOf(limited))).toBeLessThanOrEqual(limits.baggage.maxBytes);
        expect(dropped.baggage).toBe(before.length - after.length);
      }),
    );
  });

  it('has of its tracestate whole members that fit, and the same span', () => {
    fc.assert(
      fc.property(anyLimits(), hugeContext(), (limits, context) => {
        const { limited, dropped } = limit(limits, context);
        const [before, after] = [membersIn(context), membersIn(limited)];
        expect(before).toEqual(expect.arrayContaining(after));
        expect(Buffer.byteLength(after.join(','))).toBeLessThanOrEqual(limits.maxTracestateBytes);
        expect(dropped.tracestate).toBe(before.length - after.length);
        expect(idsIn(limited)).toEqual(idsIn(context));
      }),
    );
  });

  it('is another one only where something is dropped, and not the second time', () => {
    fc.assert(
      fc.property(anyLimits(), hugeContext(), (limits, context) => {
        const { limited, dropped } = limit(limits, context);
        expect(limited === context).toBe(dropped.baggage + dropped.tracestate === 0);
        expect(limit(limits, limited)).toEqual({ limited, dropped: { baggage: 0, tracestate: 0 } });
        expect(limit(limits, limited).limited).toBe(limited);
      }),
    );
  });
});

interface Limited {
  readonly limited: Context;
  readonly dropped: { readonly baggage: number; readonly tracestate: number };
}

function limit(limits: PropagationLimits, context: Context): Limited {
  const dropped = { baggage: 0, tracestate: 0 };
  const limiter = propagationLimiter(limits, (field, count) => void (dropped[field] += count));
  return { limited: limiter(context), dropped };
}

function anyLimits(): fc.Arbitrary<PropagationLimits> {
  return fc.record({
    baggage: fc.record({
      allow: fc.option(fc.array(anyName(), { maxLength: 4 }), { nil: undefined }),
      maxEntries: fc.integer({ min: 0, max: 8 }),
      maxBytes: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant(8_192)),
    }),
    maxTracestateBytes: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 512 })),
  });
}

function idsIn(context: Context): unknown {
  const { traceId, spanId, traceFlags } = trace.getSpanContext(context) ?? {};
  return { traceId, spanId, traceFlags };
}

function entriesIn(context: Context): [name: string, entry: BaggageEntry][] {
  return propagation.getBaggage(context)?.getAllEntries() ?? [];
}

function membersIn(context: Context): string[] {
  const serialized = trace.getSpanContext(context)?.traceState?.serialize() ?? '';
  return serialized === '' ? [] : serialized.split(',');
}

/** What the propagator writes of a baggage. */
function headerOf(context: Context): string {
  const headers: Record<string, string> = {};
  new W3CBaggagePropagator().inject(context, headers, kafkaHeadersSetter);
  return headers['baggage'] ?? '';
}
