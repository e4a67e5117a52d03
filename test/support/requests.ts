import { Controller } from '@nestjs/common';
import { type ClientKafka, MessagePattern } from '@nestjs/microservices';
import { context, propagation, trace } from '@opentelemetry/api';
import { freshTopic } from './kafka.js';
import { type AppSetup, clientOf, startMicroservice } from './nest-app.js';
import { withBaggage } from './trace-context.js';
import { inSpan } from './tracing.js';

/** What a handler of requests does. */
export type Handle = (data: string) => unknown;

/** A topic for requests, and the client that sends them. */
export interface Requesting {
  readonly topic: string;
  readonly client: ClientKafka;
}

/** A controller that answers the requests of a topic. */
export function answererOf(topic: string, handle: Handle): new () => object {
  @Controller()
  class Requests {
    @MessagePattern<string>(topic)
    handle(data: string): unknown {
      return handle(data);
    }
  }
  return Requests;
}

/** A topic, somebody who answers requests there, and a client that sends them. */
export async function answering(handle: Handle, setup: AppSetup = {}): Promise<Requesting> {
  const topic = await freshTopic('request', { reply: true });
  const app = await startMicroservice({ ...setup, controllers: [answererOf(topic, handle)] });
  return { topic, client: await clientOf(app, topic) };
}

/** A topic where nobody answers, and a client that waits for it. */
export async function unanswered(): Promise<Requesting> {
  const topic = await freshTopic('request', { reply: true });
  return { topic, client: await clientOf(await startMicroservice({}), topic) };
}

/** Runs something in a span of the caller, with baggage that tells it from others. */
export function inCaller<T>(name: string, work: () => Promise<T>): Promise<T> {
  return context.with(withBaggage(context.active(), { caller: name }), () => inSpan(name, work));
}

/** What is active here, as a caller sees it. */
export function whereIAm(): { readonly span: string | undefined; readonly baggage: string | undefined } {
  return {
    span: trace.getActiveSpan()?.spanContext().spanId,
    baggage: propagation.getActiveBaggage()?.getEntry('caller')?.value,
  };
}

/** How many requests a client still waits for. */
export function pendingOf(client: ClientKafka): number {
  return (client as unknown as { readonly routingMap: Map<string, unknown> }).routingMap.size;
}

/** What a promise rejects with. */
export function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Fails as a handler does. */
export function fail(): never {
  throw new TypeError('no such order');
}
