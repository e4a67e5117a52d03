import { Logger } from '@nestjs/common';
import type { ServerKafka } from '@nestjs/microservices';
import type { TopicHandlers } from '../../tracing/topic-policies.js';
import { tracedEventOptionsIn } from '../decorators/traced-event.decorator.js';

type Handler = NonNullable<ReturnType<ServerKafka['getHandlerByPattern']>>;

/**
 * What a server knows of the handlers of a topic; it is asked once for each. The process span starts before Nest looks for the
 * handler, and yet what the handler says holds for it.
 *
 * @internal
 */
export function handlersOf(server: ServerKafka): (topic: string) => TopicHandlers {
  const answers = new Map<string, TopicHandlers>();
  return (topic) => {
    let answer = answers.get(topic);
    if (answer === undefined) {
      answer = ask(server, topic);
      answers.set(topic, answer);
    }
    return answer;
  };
}

function ask(server: ServerKafka, topic: string): TopicHandlers {
  const first = server.getHandlerByPattern(topic);
  if (first === null) {
    new Logger('KafkaTracing').warn(`A message of topic ${topic} has no handler; it counts as handled.`);
    return { isMissing: true };
  }
  const options = chainOf(first).map(({ extras }) => tracedEventOptionsIn(extras));
  return {
    relation: options.find((one) => one?.relation !== undefined)?.relation,
    trust: options.find((one) => one?.trust !== undefined)?.trust,
    trace: options.find((one) => one?.trace !== undefined)?.trace,
  };
}

/** Nest hangs the second handler of a pattern on the first one. */
function chainOf(first: Handler): readonly Handler[] {
  const chain: Handler[] = [];
  for (
    let handler: Handler | undefined = first;
    handler !== undefined;
    handler = handler.next as Handler | undefined
  ) {
    chain.push(handler);
  }
  return chain;
}
