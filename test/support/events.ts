import { Controller } from '@nestjs/common';
import { type ClientKafka, Ctx, KafkaContext, Payload } from '@nestjs/microservices';
import { TracedEvent, type TracedEventOptions } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';

/** What a handler of events does. */
export type HandleEvent = (data: unknown, kafka: KafkaContext) => unknown;

/** A controller that handles the events of a topic. */
export function handlerOf(
  topic: string | RegExp,
  handle: HandleEvent = () => {},
  options: TracedEventOptions = {},
): new () => object {
  @Controller()
  class Events {
    @TracedEvent(topic, options)
    handle(@Payload() data: unknown, @Ctx() kafka: KafkaContext): unknown {
      return handle(data, kafka);
    }
  }
  return Events;
}

/** Sends an event, and waits until the broker has it. */
export async function emit(client: ClientKafka, topic: string, data: unknown): Promise<void> {
  await firstValueFrom(client.emit(topic, data), { defaultValue: undefined });
}
