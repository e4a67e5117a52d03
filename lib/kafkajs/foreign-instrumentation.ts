import { diag } from '@opentelemetry/api';
import { attempt } from '../tracing/fail-open.js';

type Method = (...args: never[]) => unknown;
type Found = (finding: string) => void;

/**
 * The driver's own method, also where another instrumentation has wrapped it and names the original (`__original`), as all
 * do that are made with `@opentelemetry/instrumentation`. Where something wrapped it that does not, the method as it is.
 *
 * @param method of a producer or a consumer, as it was found
 * @param found is told of each other instrumentation, once in a process; without it, OpenTelemetry's `diag` logger is
 * @param isTracing asked at each call: where we trace nothing, the other one goes on doing so
 * @internal
 */
export function driversOwn<T extends Method>(
  method: T,
  found: Found = (finding) => diag.warn(finding),
  isTracing = (): boolean => true,
): T {
  const wrapping = attempt('look for another instrumentation', () => wrappingOf(method));
  if (wrapping === undefined || wrapping.findings.length === 0) {
    return method;
  }
  wrapping.findings.forEach(({ name }) => names.add(name));
  const chosen = function driversOwnMethod(this: unknown, ...args: never[]): unknown {
    if (!isTracing()) {
      return method.apply(this, args);
    }
    attempt('report another instrumentation', () => tell(wrapping.findings, found));
    return wrapping.own.apply(this, args);
  };
  return chosen as T;
}

/**
 * The other instrumentations that were found in this process so far, by name, for the self-diagnosis.
 *
 * @internal
 */
export function foreignInstrumentation(): readonly string[] {
  return [...names];
}

const names = new Set<string>();
const told = new Set<string>();

function tell(findings: readonly Finding[], found: Found): void {
  for (const { name, means } of findings) {
    if (!told.has(name)) {
      told.add(name);
      found(`Another instrumentation traces kafkajs, too: ${name}. ${means}`);
    }
  }
}

/** Another instrumentation, and what it means for ours. */
interface Finding {
  readonly name: string;
  readonly means: string;
}

interface Wrapping {
  readonly own: Method;
  readonly findings: readonly Finding[];
}

function wrappingOf(method: Method): Wrapping {
  const own = originalOf(method);
  const beside = BESIDE.filter(({ wraps }) => wraps(own)).map(({ name, cure }) => ({
    name,
    means: `It does not say what it wrapped: each message has spans of both, and either may write its context over the other's. Turn one of them off, ${name} with \`${cure}\`.`,
  }));
  return { own, findings: own === method ? beside : [LEFT_OUT, ...beside] };
}

const MOST_LAYERS = 16;

function originalOf(method: Method): Method {
  let own = method;
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const { __original: original } = own as { readonly __original?: unknown };
    if (typeof original !== 'function') {
      return own;
    }
    own = original as Method;
  }
  return method; // Its originals lead nowhere.
}

const LEFT_OUT: Finding = {
  name: '@opentelemetry/instrumentation-kafkajs, or one made like it',
  means:
    'Its spans are left out, those of nestjs-kafka-tracing count. Remove it from your instrumentations, of the ' +
    "auto-instrumentations with `'@opentelemetry/instrumentation-kafkajs': { enabled: false }`.",
};

/** An instrumentation that cannot be left out: how its wrappers are told, and how it is turned off. */
interface Beside {
  readonly name: string;
  readonly cure: string;
  readonly wraps: (method: Method) => boolean;
}

/** Seen of dd-trace 6.21, elastic-apm-node 4.18, newrelic 12.25 and 14.5. */
const BESIDE: readonly Beside[] = [
  {
    name: 'dd-trace',
    cure: 'DD_TRACE_KAFKAJS_ENABLED=false',
    // It leaves no mark but this; kafkajs's own methods are arrow functions, which have no prototype.
    wraps: (method) => Symbol.for('dd-trace') in globalThis && method.name === '' && 'prototype' in method,
  },
  {
    name: 'elastic-apm-node',
    cure: 'ELASTIC_APM_DISABLE_INSTRUMENTATIONS=kafkajs',
    wraps: (method) => hasSymbol(method, 'elasticAPMIsWrapped'),
  },
  {
    name: 'newrelic',
    cure: 'NEW_RELIC_FEATURE_FLAG_KAFKAJS_INSTRUMENTATION=false',
    wraps: (method) => hasSymbol(method, 'shimWrapped') || method.name.startsWith('nrWrapped'),
  },
];

function hasSymbol(method: Method, description: string): boolean {
  return Object.getOwnPropertySymbols(method).some((symbol) => symbol.description === description);
}
