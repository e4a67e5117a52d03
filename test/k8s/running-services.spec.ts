import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectedTraces } from '../../sample/runner/expected-traces.js';
import { POISON_CUSTOMER } from '../../sample/runner/place-orders.js';
import { missingFrom, tracesOfOrders } from '../../sample/runner/order-trace.js';
import {
  type AcceptedRequest,
  type Attributes,
  startTraceReceiver,
  type Trace,
  TraceStore,
} from '../../sample/trace-viewer/index.js';
import { attributesOf } from '../../sample/trace-viewer/otlp/attributes.js';
import { decodeWith, encodingOf } from '../../sample/trace-viewer/otlp/encoding.js';
import { message, messages } from '../../sample/trace-viewer/otlp/fields.js';
import { TracesRequest } from '../../sample/trace-viewer/otlp/otlp-schema.js';
import { traceqlOfDashboard } from '../support/k8s/dashboard.js';
import { Pod } from '../support/k8s/pod.js';
import { render } from '../support/k8s/render.js';
import { mistakesOfReading } from '../support/k8s/rules/environment.js';
import { unservedProbes } from '../support/k8s/rules/probes.js';
import { traceqlOfRunbook } from '../support/k8s/runbook.js';
import { isService, SERVICES, type ServiceName } from '../support/k8s/services.js';
import { attributesIn } from '../support/k8s/traceql.js';
import { PostgresServer } from '../support/postgres.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 120_000;
/** Less than Kubernetes waits: the pause before the signal is a part of what it grants. */
const GRACE_MS = 10_000;

const dev = render('sample/k8s/overlays/dev');
const prod = render('sample/k8s/overlays/prod');

let kafka: EmbeddedKafka;
let postgres: PostgresServer;
let store: TraceStore;
let collectorUrl: string;
/** Who sends, by the name of the service. */
let resources: Map<unknown, Attributes>;

beforeAll(async () => {
  [kafka, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([kafka.stop(), postgres.stop()]);
});

describe('the services, with the environment of their pods', { timeout: TIMEOUT_MS }, () => {
  useTracing();

  beforeEach(async () => {
    store = new TraceStore({ maxSpans: 10_000, maxTraces: 1000 });
    resources = new Map();
    const collector = await startTraceReceiver({ store, onAccepted: keepResources });
    afterTest(() => collector.stop());
    collectorUrl = collector.url;
  });

  it('deliver an order as one trace, serve their probes, end in time, and read every variable', async () => {
    const [orders, notifications] = await Promise.all([
      start('order-service'),
      start('notification-service'),
    ]);

    const url = await orders.process.listening();
    const trace = await traceOf(await placeOrder(url));
    expect(missingFrom([trace], expectedTraces('both').order)).toEqual([]);
    for (const name of SERVICES) expect(resources.get(name)).toMatchObject(resourceOf(name));

    for (const pod of [orders, notifications]) {
      await expectToServeItsProbes(pod);
      expect(await pod.mistakesOfEnd(GRACE_MS)).toEqual([]);
      expectToReadItsVariables(pod);
    }
  });

  it('do not end behind a shell, which is found', async () => {
    const planted = dev.copy();
    planted.workload('production/order-service').spec.template.spec.containers[0]!.command = [
      'sh',
      '-c',
      'node --enable-source-maps dist/service.js; exit $?',
    ];
    const pod = await start('order-service', planted);
    expect(await pod.mistakesOfEnd(3000)).toEqual([
      'Deployment production/order-service does not end within 3000 ms after SIGTERM',
    ]);
  });

  it('record every attribute that the dashboard and the runbook search for', async () => {
    const [orders] = await Promise.all([start('order-service'), start('notification-service')]);
    // It is delivered more than once, and ends as a dead letter.
    await placeOrder(await orders.process.listening(), { customerId: POISON_CUSTOMER });

    const asked = new Set([...traceqlOfDashboard(), ...traceqlOfRunbook()].flatMap(attributesIn));
    expect(asked.size).toBeGreaterThan(3);
    const missing = () => {
      const spans = store.traces().flatMap((trace) => trace.spans);
      return [...asked].filter((name) => !spans.some(({ attributes }) => name in attributes));
    };
    await until('every attribute was recorded', () => missing().length === 0).catch(() => undefined);
    expect(missing()).toEqual([]);
  });

  it('start at once, as many as the prod overlay has of order-service, on an empty database', async () => {
    const databaseUrl = await postgres.createDatabase();
    const { replicas = 1 } = prod.workload('production/order-service').spec;
    const pods = Array.from({ length: replicas }, () =>
      Pod.start(prod, 'order-service', { ...addresses(), databaseUrl }),
    );
    const [urls] = await Promise.all([
      Promise.all(pods.map(({ process }) => process.listening())),
      start('notification-service'),
    ]);

    expect(pods).toHaveLength(3);
    expect(await Promise.all(pods.map((pod) => pod.probe('readinessProbe')))).toEqual([200, 200, 200]);
    const traces = await Promise.all(urls.map(async (url) => traceOf(await placeOrder(url))));
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(3);
    expect(await postgres.query(databaseUrl, 'select id from orders')).toHaveLength(3);
  });
});

/** What the downward API says of each pod. */
function resourceOf(name: ServiceName): Attributes {
  return {
    'service.namespace': 'shop',
    'k8s.namespace.name': 'production',
    'k8s.pod.name': `${name}-0`,
    'k8s.container.name': name,
    'k8s.pod.uid': '<metadata.uid>',
    'service.instance.id': '<metadata.uid>',
    'k8s.node.name': '<spec.nodeName>',
  };
}

async function start(name: ServiceName, manifests = dev): Promise<Pod> {
  const pod = Pod.start(manifests, name, { ...addresses(), databaseUrl: await postgres.createDatabase() });
  await pod.process.listening();
  expect(await pod.probe('startupProbe')).toBe(200);
  expect(await pod.probe('readinessProbe')).toBe(200);
  expect(await pod.probe('livenessProbe')).toBe(200);
  return pod;
}

/** And a path that it does not serve is found. */
async function expectToServeItsProbes({ process, workload }: Pod): Promise<void> {
  const url = await process.listening();
  expect(await unservedProbes(workload, url)).toEqual([]);

  const { name } = workload.metadata;
  const mistaken = dev.copy().workload(`production/${name}`);
  mistaken.spec.template.spec.containers[0]!.readinessProbe!.httpGet!.path = '/healthz';
  expect(await unservedProbes(mistaken, url)).toEqual([
    `A probe of Deployment production/${name} asks /healthz, which answers 404`,
  ]);
}

/** And one that it does not read, or that nobody tells of, is found. */
function expectToReadItsVariables({ workload, environment, read }: Pod): void {
  if (!isService(workload)) throw new Error('A pod is of a service');
  const given = Object.keys(environment);
  expect(read.get('LOG_LEVEL')).toBe(true);
  expect(mistakesOfReading(workload, given, read)).toEqual([]);

  const id = `Deployment production/${workload.metadata.name}`;
  expect(
    mistakesOfReading(workload, [...given, 'OTEL_TRACE_SAMPLER'], new Map([...read, ['ORDERS', true]])),
  ).toEqual([
    `${id} gets OTEL_TRACE_SAMPLER, which it did not read`,
    `${id} read ORDERS, which is none of its variables`,
  ]);
}

function addresses() {
  return { brokers: kafka.brokers.join(','), collectorUrl };
}

async function placeOrder(url: string, order: object = {}): Promise<string> {
  const response = await fetch(new URL('orders', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customerId: 'customer-1', amount: 5, ...order }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

/** The trace of an order, once it is whole. */
async function traceOf(id: string): Promise<Trace> {
  const find = () => tracesOfOrders(store.traces()).get(id);
  await until(
    'the trace is whole',
    () => {
      const trace = find();
      return trace !== undefined && missingFrom([trace], expectedTraces('both').order).length === 0;
    },
    30_000,
  );
  return find()!;
}

function keepResources({ body, contentType }: AcceptedRequest): void {
  const request = decodeWith(encodingOf(contentType)!, TracesRequest, body);
  for (const { resource } of messages(request['resourceSpans'], 'resourceSpans')) {
    const attributes = attributesOf(message(resource, 'resource')['attributes']);
    resources.set(attributes['service.name'], attributes);
  }
}
