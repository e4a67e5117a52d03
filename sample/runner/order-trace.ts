import { isSameSpan, type Span, type SpanKind, type Trace } from '../trace-viewer/index.js';

interface ExpectedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly service: string;
  readonly childOf?: string;
  readonly linkedTo?: string;
  readonly attributes?: readonly string[];
}

/** What a whole trace of an order has, at least; parents come before their children. */
const ORDER_TRACE: readonly ExpectedSpan[] = [
  { name: 'POST /orders', kind: 'SERVER', service: 'order-service' },
  { name: 'create_order', kind: 'INTERNAL', service: 'order-service', childOf: 'POST /orders' },
  { name: 'send order-events', kind: 'PRODUCER', service: 'order-service', childOf: 'create_order' },
  {
    name: 'process order-events',
    kind: 'CONSUMER',
    service: 'notification-service',
    childOf: 'send order-events',
    linkedTo: 'send order-events',
  },
  {
    name: 'process_order_event',
    kind: 'INTERNAL',
    service: 'notification-service',
    childOf: 'process order-events',
    attributes: ['order.id', 'order.amount'],
  },
];

/** Each order's trace: the first one that has a span with its `order.id`. */
export function tracesOfOrders(traces: readonly Trace[]): ReadonlyMap<string, Trace> {
  const found = new Map<string, Trace>();
  for (const trace of traces) {
    for (const { attributes } of trace.spans) {
      const id = attributes['order.id'];
      if (typeof id === 'string' && !found.has(id)) found.set(id, trace);
    }
  }
  return found;
}

/**
 * What a trace lacks to be whole, in words; empty when nothing. A name may occur twice, as after a redelivery:
 * one span that has everything is enough.
 */
export function missingFrom(trace: Trace | undefined): readonly string[] {
  if (!trace) return ['every span: none carries the id of this order'];
  const matched: MatchedSpans = new Map();
  const missing: string[] = [];
  for (const expected of ORDER_TRACE) {
    let candidates = trace.spans.filter((span) => isNamedAs(expected, span));
    if (candidates.length === 0)
      missing.push(`the ${expected.kind} span \`${expected.name}\` of ${expected.service}`);
    for (const { what, fits } of candidates.length === 0 ? [] : requirementsOf(expected, matched)) {
      const fitting = candidates.filter(fits);
      if (fitting.length === 0) missing.push(what);
      else candidates = fitting;
    }
    matched.set(expected.name, candidates);
  }
  return missing;
}

type MatchedSpans = Map<string, readonly Span[]>;

interface Requirement {
  readonly what: string;
  readonly fits: (span: Span) => boolean;
}

function isNamedAs(expected: ExpectedSpan, span: Span): boolean {
  return span.name === expected.name && span.kind === expected.kind && span.serviceName === expected.service;
}

function requirementsOf(expected: ExpectedSpan, matched: MatchedSpans): readonly Requirement[] {
  const { name, childOf, linkedTo, attributes = [] } = expected;
  const parents = matched.get(childOf ?? '') ?? [];
  const targets = matched.get(linkedTo ?? '') ?? [];
  return [
    {
      what: `\`${childOf}\` as the parent of \`${name}\``,
      fits: (span) => childOf === undefined || parents.some(({ spanId }) => spanId === span.parentSpanId),
    },
    {
      what: `the link from \`${name}\` to \`${linkedTo}\``,
      fits: (span) =>
        linkedTo === undefined ||
        span.links.some((link) => targets.some((target) => isSameSpan(link, target))),
    },
    ...attributes.map((attribute) => ({
      what: `the attribute \`${attribute}\` of \`${name}\``,
      fits: (span: Span) => span.attributes[attribute] !== undefined,
    })),
  ];
}
