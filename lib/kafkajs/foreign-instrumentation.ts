import { diag } from '@opentelemetry/api';
import { attempt } from '../tracing/fail-open.js';

type Method = (...args: never[]) => unknown;
type Found = (finding: string) => void;

/**
 * The driver's own method, also where another instrumentation has wrapped it and names the original (`__original`), as all
 * do that are made with `@opentelemetry/instrumentation`. Where something wrapped it that does not, the method as it is.
 *
 * It is asked at each call that we trace: what we do not trace goes on through the other one.
 *
 * @param method of a producer or a consumer, as it was found
 * @param found is told of each other instrumentation, once in a process; without it, OpenTelemetry's `diag` logger is
 * @internal
 */
export function driversOwn<T extends Method>(method: T, found: Found = warn): T {
  const own = owns.get(method) ?? attempt('look for another instrumentation', () => look(method, found));
  return (own ?? method) as T;
}

/**
 * The other instrumentations that were found in this process so far, by name, for the self-diagnosis.
 *
 * @internal
 */
export function foreignInstrumentation(): readonly string[] {
  return [...names];
}

const owns = new WeakMap<Method, Method>();
const names = new Set<string>();

function look(method: Method, found: Found): Method {
  const own = originalOf(method);
  owns.set(method, own);
  const beside = BESIDE.filter(({ wraps }) => wraps(own));
  for (const { name, means } of own === method ? beside : [LEFT_OUT, ...beside]) {
    if (!names.has(name)) {
      names.add(name);
      const finding = `Another instrumentation traces kafkajs, too: ${name}. ${means}`;
      attempt('report another instrumentation', () => found(finding));
    }
  }
  return own;
}

function warn(finding: string): void {
  diag.warn(finding);
}

/** Another instrumentation, and what it means for ours. */
interface Finding {
  readonly name: string;
  readonly means: string;
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

/** An instrumentation that cannot be left out. */
interface Beside extends Finding {
  /** Whether it made this of a method. */
  readonly wraps: (method: Method) => boolean;
}

function besideOurs(name: string, cure: string, wraps: Beside['wraps']): Beside {
  const means =
    "It does not say what it wrapped: each message has spans of both, and either may write its context over the other's. " +
    `Turn one of them off, ${name} with \`${cure}\`.`;
  return { name, means, wraps };
}

/** Seen of dd-trace 6.21, elastic-apm-node 4.18, newrelic 12.25 and 14.5. */
const BESIDE: readonly Beside[] = [
  // It leaves no mark but this; kafkajs's own methods are arrow functions, which have no prototype.
  besideOurs(
    'dd-trace',
    'DD_TRACE_KAFKAJS_ENABLED=false',
    (method) => Symbol.for('dd-trace') in globalThis && method.name === '' && 'prototype' in method,
  ),
  besideOurs('elastic-apm-node', 'ELASTIC_APM_DISABLE_INSTRUMENTATIONS=kafkajs', (method) =>
    hasSymbol(method, 'elasticAPMIsWrapped'),
  ),
  besideOurs(
    'newrelic',
    'NEW_RELIC_FEATURE_FLAG_KAFKAJS_INSTRUMENTATION=false',
    (method) => hasSymbol(method, 'shimWrapped') || method.name.startsWith('nrWrapped'),
  ),
];

function hasSymbol(method: Method, description: string): boolean {
  return Object.getOwnPropertySymbols(method).some((symbol) => symbol.description === description);
}
