import type { TopicRule } from '../../lib/kafka-tracing.options.js';
import { createTopics, freshName } from './kafka.js';
import type { SpanOutcome } from './outcome.js';

/** What may hold for a topic. */
export type Combination = Required<Pick<TopicRule, 'relation' | 'trust' | 'existingContext'>>;

export const COMBINATIONS: readonly Combination[] = (['both', 'parent', 'link'] as const).flatMap(
  (relation) =>
    (['continue', 'restart', 'ignore'] as const).flatMap((trust) =>
      (['preserve', 'overwrite'] as const).map((existingContext) => ({ relation, trust, existingContext })),
    ),
);

/** Options by which the end of a topic's name says what holds for it. */
export const SAID_BY_NAME: { readonly topics: readonly TopicRule[] } = {
  topics: COMBINATIONS.map((combination) => ({ match: `*${endOf(combination)}`, ...combination })),
};

function endOf({ relation, trust, existingContext }: Combination): string {
  return `.${relation}.${trust}.${existingContext}`;
}

/** Something for each combination. */
export function inEach<T>(what: (combination: Combination) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(COMBINATIONS.map((combination) => [endOf(combination), what(combination)]));
}

/** One topic for each combination. */
export interface Topics {
  readonly all: string[];
  of(combination: Combination): string;
  has(topic: string): boolean;
  /** The one for which the same holds as for that topic, which is not of these. */
  like(other: string): string;
}

export async function freshTopics(what: string): Promise<Topics> {
  const name = freshName(what);
  const of = (combination: Combination): string => name + endOf(combination);
  const all = COMBINATIONS.map(of);
  await createTopics(all);
  return {
    all,
    of,
    has: (topic) => all.includes(topic),
    like: (other) => name + other.slice(other.indexOf('.')),
  };
}

/** A send span in words. */
export function sentAs(
  kind: 'PRODUCER' | 'CLIENT',
  parent: string | undefined,
  ...links: readonly string[]
): SpanOutcome {
  return { kind, parent, links };
}

/** How a process span stands to the creation context of its message; `undefined` where it has none. */
export function handledAfter(creation: string | undefined, { relation, trust }: Combination): SpanOutcome {
  const created = creation === undefined ? [] : [creation];
  const root = { kind: 'CONSUMER', parent: undefined };
  return {
    continue: {
      both: { kind: 'CONSUMER', parent: creation, links: created },
      parent: { kind: 'CONSUMER', parent: creation, links: [] },
      link: { ...root, links: created },
    }[relation],
    restart: { ...root, links: created },
    ignore: { ...root, links: [] },
  }[trust];
}
