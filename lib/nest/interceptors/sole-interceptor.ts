import type { ExecutionContext } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { KafkaContext } from '@nestjs/microservices';
import { report } from '../../tracing/fail-open.js';
import { isSeenByDriver } from '../handlers/handled-message.js';
import { KafkaTracingInterceptor } from './kafka-tracing.interceptor.js';

/** Nest's class that runs the interceptors of a handler, as far as it matters here; the same in Nest 11 and 12. */
interface InterceptorsConsumer {
  intercept(...args: InterceptArgs): Promise<unknown>;
  createContext(
    args: unknown[],
    instance: object,
    callback: unknown,
  ): ExecutionContext & { setType(type: string): void };
}

type InterceptArgs = [
  interceptors: readonly unknown[] | undefined,
  args: unknown[],
  instance: object,
  callback: unknown,
  next: () => Promise<unknown>,
  type?: string,
];

// Of this copy of the library: each knows its own interceptor only.
const wrapped = new WeakSet<object>();

/**
 * Runs a message handler whose only interceptor is ours as Nest runs one that has none: no stream is made of its result.
 * Otherwise Nest makes about eight observables for each message, and two async resources, which costs as much as the rest of
 * what we add to it. Once for each copy of Nest; where its class is not as we know it, everything stays as it is.
 *
 * @param creator has Nest's own object, and so the class
 * @internal
 */
export function runWithoutStreams(creator: ExternalContextCreator | undefined): void {
  const { interceptorsConsumer } = (creator ?? {}) as { readonly interceptorsConsumer?: object };
  const prototype: unknown = interceptorsConsumer && Object.getPrototypeOf(interceptorsConsumer);
  if (isInterceptorsConsumer(prototype) && !wrapped.has(prototype)) {
    wrapped.add(prototype);
    wrapIntercept(prototype);
  }
}

function isInterceptorsConsumer(prototype: unknown): prototype is InterceptorsConsumer {
  const { intercept, createContext } = (prototype ?? {}) as Partial<InterceptorsConsumer>;
  return typeof intercept === 'function' && typeof createContext === 'function';
}

function wrapIntercept(target: InterceptorsConsumer): void {
  const { intercept } = target;
  const spared = function interceptWithoutStreams(
    this: InterceptorsConsumer,
    ...all: InterceptArgs
  ): Promise<unknown> {
    const [interceptors, args, instance, callback, next, type] = all;
    const sole = type === 'rpc' && isOfDriver(args) ? soleOf(interceptors) : undefined;
    if (sole === undefined) {
      return intercept.apply(this, all);
    }
    const execution = (): ExecutionContext => {
      const context = this.createContext(args, instance, callback);
      context.setType(type!);
      return context;
    };
    const alone = (): Promise<unknown> => sole.interceptAlone(execution, next);
    return intercept.call(this, [], args, instance, callback, alone, type); // Which others may have wrapped, too.
  };
  Object.defineProperty(target, 'intercept', { value: spared, configurable: true, writable: true });
}

// What the interceptor itself opens, for others' drivers, ends with the stream that Nest makes.
function isOfDriver([, kafka]: readonly unknown[]): boolean {
  try {
    return kafka instanceof KafkaContext && isSeenByDriver(kafka);
  } catch (error) {
    report('spare a handler streams', error);
    return false;
  }
}

/** Ours where there is no other one; also not one that a subclass of it overrides. */
function soleOf(interceptors: readonly unknown[] | undefined): KafkaTracingInterceptor | undefined {
  const sole = interceptors?.length === 1 ? interceptors[0] : undefined;
  return sole instanceof KafkaTracingInterceptor &&
    sole.intercept === KafkaTracingInterceptor.prototype.intercept
    ? sole
    : undefined;
}
