import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { INestMicroservice } from '@nestjs/common';
import type { ClientKafka } from '@nestjs/microservices';
import { trace } from '@opentelemetry/api';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import {
  EmbeddedKafka,
  type KafkaForTests,
  type RecordedSpan,
  SpanRecorder,
  kafkaTracingMatchers,
} from 'nestjs-kafka-tracing/testing';
import { type Observable, firstValueFrom } from 'rxjs';
import { CLIENT, MODULES, Mailbox, type Sum, TOPICS, startApplication } from './application.js';
import type { SameBothWays } from './both-ways.js';
import { claims, installedVersionOf } from './claims.js';

expect.extend(kafkaTracingMatchers);

const TIMEOUT_MS = 60_000;

let spans: SpanRecorder;
let kafka: KafkaForTests;
let app: INestMicroservice;

beforeAll(async () => {
  spans = await SpanRecorder.start({ deadlineMs: TIMEOUT_MS / 2 });
  kafka = await EmbeddedKafka.startOrUse();
  await kafka.createTopics(TOPICS.orders, TOPICS.sums, `${TOPICS.sums}.reply`);
  app = await startApplication(kafka.brokers);
}, TIMEOUT_MS);

afterAll(async () => {
  await app?.close();
  await kafka?.stop();
  spans?.stop();
}, TIMEOUT_MS);

beforeEach(() => spans.reset());

describe('an application', () => {
  it('is what it claims to be', () => {
    expect(process.versions.node).toBe(claims.node);
    expect(MODULES).toBe(claims.modules);
    expect(process.env['VITEST'] ? 'vitest' : process.env['JEST_WORKER_ID'] && 'jest').toBe(claims.runner);
    const installed = Object.keys(claims.versions).map((name) => [name, installedVersionOf(name)]);
    expect(Object.fromEntries(installed)).toEqual(claims.versions);
  });

  it(
    'handles an event in the trace of who sent it',
    async () => {
      const order = { id: `order of ${process.version}` };
      await inSpan('caller', () => client().emit(TOPICS.orders, order));

      const [caller, send] = [await spans.one('caller'), await spans.one(`send ${TOPICS.orders}`)];
      const handled = await spans.one(`process ${TOPICS.orders}`);
      const step = await spans.one('handle_order');
      expect(send).toBeChildOf(caller);
      expect(handled).toBeProcessSpanOf(send);
      expect(handled).toBeChildOf(send);
      expect(handled).toLinkTo(send);
      expect(step).toBeChildOf(handled);
      expect(step).toContinueTraceOf(caller);
      expect(step.attributes).toEqual({ 'order.id': order.id });
      expect(step.resource?.attributes['telemetry.sdk.version']).toBe(claims.sdk);

      const { orders, headers } = app.get(Mailbox);
      expect(orders).toEqual([order]);
      expect(headers).toEqual([{ traceparent: traceparentOf(step) }]);
      expect(spans.open).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'has a request and its reply in one trace',
    async () => {
      expect(await inSpan('caller', () => client().send<Sum>(TOPICS.sums, [1, 2, 3]))).toEqual({ sum: 6 });

      const [caller, request] = [await spans.one('caller'), await spans.one(`request ${TOPICS.sums}`)];
      const send = await spans.one(`send ${TOPICS.sums}`);
      const handled = await spans.one(`process ${TOPICS.sums}`);
      const reply = await spans.one(`send ${TOPICS.sums}.reply`);
      const replyHandled = await spans.one(`process ${TOPICS.sums}.reply`);
      expect(request).toBeChildOf(caller);
      expect(send).toBeChildOf(request);
      expect(handled).toBeProcessSpanOf(send);
      expect(reply).toBeChildOf(handled);
      expect(replyHandled).toBeProcessSpanOf(reply);
      expect(replyHandled).toContinueTraceOf(caller);
      expect(spans.open).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('finds what the module provides by the class that the test has', () => {
    expect(app.get(KafkaTracing)).toBeInstanceOf(KafkaTracing);
  });

  it(
    'gets the same classes by import and by require',
    async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['build/source/both-ways.js']);
      const same = JSON.parse(stdout) as SameBothWays;
      expect(Object.keys(same)).toEqual(expect.arrayContaining(['KafkaTracingModule', 'SpanRecorder']));
      expect(Object.keys(same).filter((name) => !same[name])).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

function client(): ClientKafka {
  return app.get<ClientKafka>(CLIENT);
}

function inSpan<T>(name: string, work: () => Observable<T>): Promise<T> {
  return trace
    .getTracer('application')
    .startActiveSpan(name, (span) => firstValueFrom(work()).finally(() => span.end()));
}

function traceparentOf(span: RecordedSpan): string {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
}
