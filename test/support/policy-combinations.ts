import type { TopicRule } from '../../lib/topic.options.js';
import { connected, freshName, plainKafka } from './kafka.js';
import type { SpanOutcome } from './outcome.js';
import { afterTest } from './tracing.js';
import { until } from './until.js';

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
  /** The one for which the same holds as for that topic of others. */
  like(other: string): string;
}

/** Makes topics for each of these names; they are so many that they are deleted after the test. */
export async function freshTopics<const Names extends readonly string[]>(
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Topics }> {
  const admin = await connected(plainKafka().admin());
  const made = names.map((name) => topicsOf(freshName(name)));
  const topics = made.flatMap(({ all }) => all);
  // Not with `waitForLeaders`: kafkajs gives up at once where the broker does not know one of so many yet. And a broker that
  // knows a topic may not lead it yet: only one that tells its offsets does.
  await admin.createTopics({ topics: topics.map((topic) => ({ topic })), waitForLeaders: false });
  afterTest(() => admin.deleteTopics({ topics }));
  await until('all topics are led', async () => {
    const answers = await Promise.allSettled(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    return answers.every(({ status }) => status === 'fulfilled');
  });
  return made as unknown as { readonly [Index in keyof Names]: Topics };
}

function topicsOf(name: string): Topics {
  const of = (combination: Combination): string => name + endOf(combination);
  return { all: COMBINATIONS.map(of), of, like: (other) => name + other.slice(other.indexOf('.')) };
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
