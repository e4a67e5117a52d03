import type { ExecutionContext } from '@nestjs/common';
import { KafkaContext } from '@nestjs/microservices';
import type { Attributes, Context } from '@opentelemetry/api';
import { resolveOptions } from '../../resolve-options.js';
import type { KafkaEndpoint } from '../../tracing/attributes.js';
import type { Delivery } from '../../tracing/processing/delivery.js';
import { rememberDelivery } from '../../tracing/processing/remembered-delivery.js';
import { attempt } from '../../tracing/fail-open.js';
import { refusePromise } from '../../tracing/hooks.js';
import { KafkaTracer, contextWithin } from '../../tracing/kafka-tracer.js';
import { isAnythingRegistered } from '../../tracing/registered-sdk.js';
import { NO_SPAN } from '../../tracing/traced-span.js';
import { tracedEventOptionsOf } from '../decorators/traced-event.decorator.js';
import type { TracedEventOptions } from '../decorators/traced-event.options.js';
import { deliveryToHandle, parsedMessageOf } from '../handlers/handled-message.js';
import { newestApplication } from '../live-applications.js';

/**
 * One run of one handler, as the interceptor sees it.
 *
 * @internal
 */
export interface Handling {
  /** What is active in the handler. */
  readonly context: Context;
  /** What is active in what comes after it. */
  readonly surroundings: Context;
  readonly delivery: Delivery;
  /** The handler threw, or its stream failed. */
  fail(error: unknown): void;
  /** The handler's stream is done, in whatever way. */
  end(): void;
}

/**
 * Starts what the interceptor traces of a handler's run; `undefined` where there is nothing to trace.
 *
 * @internal
 */
export function startHandling(execution: ExecutionContext): Handling | undefined {
  const kafka = kafkaContextOf(execution);
  const tracer = kafka === undefined ? undefined : currentTracer();
  if (kafka === undefined || tracer === undefined || !isAnythingRegistered()) {
    return undefined;
  }
  const options = tracedEventOptionsOf(execution.getHandler());
  const openedBefore = deliveryToHandle(kafka);
  const delivery = openedBefore ?? openDelivery(tracer, kafka, options);
  if (!delivery.enter(execution)) {
    return innerHandling(delivery, execution);
  }
  const isUntraced = delivery.span === NO_SPAN; // As `trace: false` says; or without an SDK.
  const step =
    options?.span === undefined || isUntraced ? undefined : tracer.startStep(options.span, delivery);
  const innermost = step ?? delivery;
  if (options?.attributes !== undefined && innermost.isRecording) {
    const { attributes } = options;
    const payload: unknown = execution.switchToRpc().getData();
    attempt('get the attributes of @TracedEvent', () => {
      const given: unknown = attributes(payload, kafka);
      refusePromise(given, '`attributes` of @TracedEvent to return attributes');
      innermost.setAttributes(given as Attributes);
    });
  }
  const surroundings = contextWithin(delivery);
  return {
    context: step?.context ?? surroundings,
    surroundings,
    delivery,
    fail(error) {
      step?.fail(error);
      delivery.recordException(error, execution);
      if (openedBefore === undefined) {
        delivery.fail(error);
      }
    },
    end() {
      delivery.leave(execution);
      step?.end();
      if (openedBefore === undefined) {
        delivery.end();
      }
    },
  };
}

/** The inner one sees the original exception. */
function innerHandling(delivery: Delivery, run: object): Handling {
  const context = contextWithin(delivery);
  return {
    context,
    surroundings: context,
    delivery,
    fail: (error) => delivery.recordException(error, run),
    end() {},
  };
}

function kafkaContextOf(execution: ExecutionContext): KafkaContext | undefined {
  if (execution.getType() !== 'rpc') {
    return undefined;
  }
  const context: unknown = execution.switchToRpc().getContext();
  return context instanceof KafkaContext ? context : undefined;
}

let defaultTracer: KafkaTracer | undefined;

/** Of the newest application; where none is live, as in a unit test of a controller, one with the defaults. */
function currentTracer(): KafkaTracer | undefined {
  const application = newestApplication();
  return application === undefined
    ? (defaultTracer ??= new KafkaTracer(resolveOptions()))
    : application.tracer();
}

const UNKNOWN_ENDPOINT: KafkaEndpoint = {};

function openDelivery(
  tracer: KafkaTracer,
  kafka: KafkaContext,
  handlers: TracedEventOptions | undefined,
): Delivery {
  const delivery = tracer.startProcess({
    endpoint: UNKNOWN_ENDPOINT,
    ...parsedMessageOf(kafka),
    handlers,
  });
  rememberDelivery(kafka, delivery);
  return delivery;
}
