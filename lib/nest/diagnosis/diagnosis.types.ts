import type { TopicOptions } from '../../topic.options.js';

/**
 * What is traced of an application, and what is not: {@link KafkaTracing.diagnose}. Plain data, which may be printed or sent
 * as JSON.
 *
 * @publicApi
 */
export interface KafkaTracingDiagnosis {
  /** The option of that name. */
  readonly enabled: boolean;

  /** The Kafka servers that the application has by now. One that is connected later is traced, too. */
  readonly servers: readonly DiagnosedServer[];

  /** The clients that are providers, or in a field of one. One that is made elsewhere with `new` is traced, too. */
  readonly clients: readonly DiagnosedClient[];

  /** The patterns that handlers of those servers are for. */
  readonly topics: readonly DiagnosedTopic[];

  /** What is registered of an OpenTelemetry SDK. */
  readonly sdk: DiagnosedSdk;

  /** What handles or sends messages through a Kafka that the module cannot reach. */
  readonly unreachable: readonly UnreachableKafka[];

  /** Other instrumentations of kafkajs that were found by now, by name. */
  readonly foreignInstrumentation: readonly string[];

  /** How many spans of this application are open. */
  readonly openSpans: number;

  /** What is wrong, each with its cure; nothing where tracing is off. */
  readonly warnings: readonly string[];
}

/**
 * A Kafka client of Nest's.
 *
 * @publicApi
 */
export interface DiagnosedClient {
  /** The name of its class. */
  readonly name: string;
  /** With what Nest appends. */
  readonly clientId: string | undefined;
  /** `undefined` where a function finds them. */
  readonly brokers: readonly string[] | undefined;
}

/**
 * A Kafka server of Nest's.
 *
 * @publicApi
 */
export interface DiagnosedServer extends DiagnosedClient {
  /** The consumer group, with what Nest appends. */
  readonly groupId: string | undefined;
}

/**
 * A pattern, its handlers, and what holds for its messages.
 *
 * @publicApi
 */
export interface DiagnosedTopic {
  /** The topic, or a regular expression for topics, as text. */
  readonly pattern: string;
  /** Whether its handlers take events, or requests, which they reply to. */
  readonly kind: 'event' | 'request';
  /** As in `OrdersController.handle`. */
  readonly handlers: readonly string[];
  /** What holds, of handler, rule and module. `undefined` for a regular expression: that is decided for each topic. */
  readonly policy: DiagnosedPolicy | undefined;
  /** The rule of `topics` that matches; `undefined` where none does, and for a regular expression. */
  readonly rule: DiagnosedRule | undefined;
}

/**
 * What holds for a topic.
 *
 * @publicApi
 */
export interface DiagnosedPolicy extends Required<Omit<TopicOptions, 'messageKey'>> {
  /** What spans call the topic, where that is not its name. */
  readonly template: string | undefined;
}

/**
 * A rule of the option `topics`.
 *
 * @publicApi
 */
export interface DiagnosedRule {
  /** Its place in `topics`, from 0. */
  readonly index: number;
  /** Its `match`, as text. */
  readonly match: string;
}

/**
 * Which parts of an OpenTelemetry SDK are registered globally.
 *
 * @publicApi
 */
export interface DiagnosedSdk {
  /** Without one no span is recorded. */
  readonly tracerProvider: boolean;
  /** Without one no message carries a context. */
  readonly propagator: boolean;
  /** The headers that the propagator writes. */
  readonly propagationFields: readonly string[];
  /** Without one no span knows of the span that it is in. */
  readonly contextManager: boolean;
  /** Without one nothing is measured. */
  readonly meterProvider: boolean;
}

/**
 * A server or client that the module cannot reach.
 *
 * @publicApi
 */
export interface UnreachableKafka {
  /** The name of its class. */
  readonly name: string;
  /** Why it is out of reach, and what to do. */
  readonly cure: string;
}
