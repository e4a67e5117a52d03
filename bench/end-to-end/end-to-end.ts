import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import type { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { inOrder, median } from '../rounds.js';
import type { Registered } from '../sdk.js';
import { type Application, startApplication } from './application.js';
import { TRAVELLING, type Travelling } from './kafka-of-side.js';

export interface Case {
  readonly topics: number;
  readonly headers: number;
  /** In a round of one side. */
  readonly messages: number;
}

export interface TravelPlan {
  readonly rounds: number;
  readonly atATime: number;
}

/** Of one side in one round. */
interface Round {
  readonly messagesPerSecond: number;
  /** Microseconds of CPU time of this process for each message: there the producer is, and the consumer. */
  readonly cpu: number;
  /** Milliseconds from emit to handler. */
  readonly p50: number;
  readonly p99: number;
}

export type Rounds = Readonly<Record<Travelling, readonly Round[]>>;

const WARM_UP_ROUNDS = 3; // V8 compiles what is hot, for each side anew.

/** Emits and handles messages on each side, one side after the other, in another order each round. */
export async function measureTravels(
  kafka: EmbeddedKafka,
  { topics, headers, messages }: Case,
  { rounds: measured, atATime }: TravelPlan,
  { seen }: Registered,
): Promise<Rounds> {
  const applications = await startAll(kafka, topics, `${topics}-${headers}`);
  const given = Object.fromEntries(
    Array.from({ length: headers }, (_, index) => [`header-${index}`, 'a value']),
  );
  const rounds: Record<Travelling, Round[]> = { untraced: [], floor: [], 'floor+errors': [], ours: [] };
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + measured; round += 1) {
      for (const side of inOrder(TRAVELLING, round)) {
        const travel = (): Promise<Round> =>
          inRequest(() => measureRound(applications[side], given, messages, atATime));
        if (round < WARM_UP_ROUNDS) {
          const expected = side === 'untraced' ? 0 : SPANS_OF_A_MESSAGE * messages;
          requireSpans(side, expected, await seen.count(travel, expected));
        } else {
          rounds[side].push(await travel());
        }
      }
    }
    return rounds;
  } finally {
    await Promise.all(TRAVELLING.map((side) => applications[side].close()));
  }
}

async function startAll(
  kafka: EmbeddedKafka,
  topics: number,
  name: string,
): Promise<Record<Travelling, Application>> {
  // For each message kafkajs goes through all names: they are as long for each side, and their topics made by turns.
  const names = TRAVELLING.map((_, number) =>
    Array.from({ length: topics }, (_, index) => `${name}-orders-${index}-${number}`),
  );
  for (let first = 0; first < topics; first += 100) {
    await kafka.createTopics(...names.flatMap((ofSide) => ofSide.slice(first, first + 100)));
  }
  const started = TRAVELLING.map(
    async (side, number) => [side, await startApplication(side, kafka.brokers, names[number]!)] as const,
  );
  return Object.fromEntries(await Promise.all(started)) as Record<Travelling, Application>;
}

/** As in the handler of an HTTP request. */
function inRequest<T>(work: () => Promise<T>): Promise<T> {
  const span = trace.getTracer('bench').startSpan('request');
  return context.with(trace.setSpan(ROOT_CONTEXT, span), work);
}

async function measureRound(
  application: Application,
  headers: Readonly<Record<string, string>>,
  messages: number,
  atATime: number,
): Promise<Round> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const durations = await application.travel(messages, headers, atATime);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = durations.toSorted((one, other) => one - other);
  return {
    messagesPerSecond: messages / seconds,
    cpu: (user + system) / messages,
    p50: sorted[Math.floor(messages * 0.5)]!,
    p99: sorted[Math.floor(messages * 0.99)]!,
  };
}

// Its send, and its handling.
const SPANS_OF_A_MESSAGE = 2;

/** @throws Error where a side does not trace what it is said to trace: then there is nothing to compare. */
function requireSpans(side: Travelling, expected: number, spans: number): void {
  if (spans !== expected) {
    throw new Error(`Expected ${expected} spans of the side "${side}", got ${spans}.`);
  }
}

/** How far the middle half of the rounds lies apart, as a share of their median. */
export function spread(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]!;
  return (at(0.75) - at(0.25)) / median(values);
}
