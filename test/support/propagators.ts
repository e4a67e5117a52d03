import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';

/** A propagator that applications register, and which headers are its: those that say which span, and the others. */
export interface KnownPropagator {
  readonly name: string;
  readonly propagator: TextMapPropagator;
  readonly span: RegExp;
  readonly beside: RegExp;
}

const NOTHING = /^$(?=.)/;
const B3 = /^(b3|x-b3-(traceid|spanid|parentspanid|sampled|flags))$/i;
const W3C = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
const b3Multi = (): B3Propagator => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });

export const PROPAGATORS: readonly KnownPropagator[] = [
  {
    name: 'W3C',
    propagator: new CompositePropagator({ propagators: W3C }),
    span: /^traceparent$/i,
    beside: /^(tracestate|baggage)$/i,
  },
  { name: 'B3 in one header', propagator: new B3Propagator(), span: B3, beside: NOTHING },
  { name: 'B3 in many headers', propagator: b3Multi(), span: B3, beside: NOTHING },
  { name: 'Jaeger', propagator: new JaegerPropagator(), span: /^uber-trace-id$/i, beside: /^uberctx-/i },
  {
    name: 'W3C, B3 and Jaeger together',
    propagator: new CompositePropagator({ propagators: [...W3C, b3Multi(), new JaegerPropagator()] }),
    span: new RegExp(`${B3.source}|^(traceparent|uber-trace-id)$`, 'i'),
    beside: /^(tracestate|baggage|uberctx-.*)$/i,
  },
];
