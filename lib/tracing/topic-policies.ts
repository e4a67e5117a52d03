import type { Relation, TopicRule, Trust } from '../topic.options.js';
import { type ResolvedOptions, type ResolvedTopicOptions, TOPIC_DEFAULTS } from '../resolve-options.js';
import type { Operation } from './operation.js';
import { attempt } from './fail-open.js';
import { refusePromise } from './hooks.js';

/**
 * What holds for a topic: the module's options, with what the first matching rule says otherwise.
 *
 * @internal
 */
export interface TopicPolicy extends ResolvedTopicOptions {
  /** Of the spans of each operation: they call the topic by its template, else by its name. */
  readonly spanNames: Readonly<Record<Operation, string>>;
  readonly template: string | undefined;
}

/**
 * What is known of the handlers of a topic.
 *
 * @internal
 */
export interface TopicHandlers {
  /** There is none. */
  readonly isMissing?: boolean;
  /** What they say themselves; it outranks the rules. */
  readonly relation?: Relation | undefined;
  readonly trust?: Trust | undefined;
  readonly trace?: boolean | undefined;
}

const OF_TOPICS = Object.keys(TOPIC_DEFAULTS) as (keyof ResolvedTopicOptions)[];

// Topics made on the fly must not fill the memory: past this many the store starts anew.
const MOST_TOPICS = 1_000;

/**
 * Finds what holds for a topic, once for each.
 *
 * @internal
 */
export class TopicPolicies {
  readonly #options: ResolvedOptions;
  readonly #policies = new Map<string, TopicPolicy>();

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  of(topic: string): TopicPolicy {
    let policy = this.#policies.get(topic);
    if (policy === undefined) {
      policy = this.#find(topic);
      if (this.#policies.size >= MOST_TOPICS) {
        this.#policies.clear();
      }
      this.#policies.set(topic, policy);
    }
    return policy;
  }

  #find(topic: string): TopicPolicy {
    const rule = this.#options.topics.find(({ match }) => matches(match, topic));
    const said = OF_TOPICS.map((option) => [option, rule?.[option] ?? this.#options[option]] as const);
    return {
      ...(Object.fromEntries(said) as unknown as ResolvedTopicOptions),
      spanNames: spanNamesOf(rule?.template ?? topic),
      template: rule?.template,
    };
  }
}

function spanNamesOf(target: string): TopicPolicy['spanNames'] {
  return {
    create: `create ${target}`,
    send: `send ${target}`,
    process: `process ${target}`,
    request: `request ${target}`,
    send_offsets: `send_offsets ${target}`,
  };
}

/**
 * Whether a rule holds for a topic. One whose function throws does not; the rules behind it, which may be there to protect,
 * are looked at all the same.
 *
 * @internal
 */
export function matches(match: TopicRule['match'], topic: string): boolean {
  if (typeof match === 'function') {
    const isMatch = attempt('find the rule of a topic', () => {
      const answer = match(topic);
      refusePromise(answer, '`match` of a rule to return a boolean');
      return answer;
    });
    return Boolean(isMatch);
  }
  const pattern = typeof match === 'string' ? wildcard(match) : new RegExp(match.source, match.flags);
  return pattern.test(topic); // On a copy: a regular expression with the flag g or y remembers where it was.
}

function wildcard(name: string): RegExp {
  return new RegExp(`^${name.split('*').map(escape).join('.*')}$`, 's');
}

function escape(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
