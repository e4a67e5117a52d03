import type { Relation, TopicRule, Trust } from '../topic.options.js';
import { type ResolvedOptions, type ResolvedTopicOptions, TOPIC_DEFAULTS } from '../resolve-options.js';
import { Cache } from './cache.js';
import { attempt } from './fail-open.js';
import { refusePromise } from './hooks.js';
import type { Operation } from './operation.js';

/**
 * What holds for a topic: the module's options, with what the first matching rule says otherwise.
 *
 * @internal
 */
export interface TopicPolicy extends ResolvedTopicOptions {
  /** The name of a topic that is made on the fly, for all of its kind. */
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

/**
 * Finds what holds for a topic; the rules are asked once for each.
 *
 * @internal
 */
export class TopicPolicies {
  readonly #others: TopicPolicy;
  readonly #policies: Cache<string, TopicPolicy> | undefined;

  constructor(options: ResolvedOptions) {
    const others = policyOf(options);
    const rules = options.topics.map((rule) => ({
      matches: matcherOf(rule.match),
      policy: policyOf(options, rule),
    }));
    this.#others = others;
    this.#policies =
      rules.length === 0
        ? undefined
        : new Cache((topic) => rules.find(({ matches }) => matches(topic))?.policy ?? others);
  }

  of(topic: string): TopicPolicy {
    return this.#policies === undefined ? this.#others : this.#policies.of(topic);
  }
}

function policyOf(options: ResolvedOptions, rule?: TopicRule): TopicPolicy {
  const said = OF_TOPICS.map((option) => [option, rule?.[option] ?? options[option]] as const);
  const ofTopics = Object.fromEntries(said) as unknown as ResolvedTopicOptions;
  return Object.freeze({ ...ofTopics, template: rule?.template });
}

/**
 * The name of the span of an operation.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-name
 * @internal
 */
export function spanName(operation: Operation, topic: string, policy: TopicPolicy): string {
  return `${operation} ${policy.template ?? topic}`;
}

/**
 * Tells whether a rule holds for a topic. One whose function throws does not; the rules behind it, which may be there to
 * protect, are looked at all the same.
 *
 * @internal
 */
export function matcherOf(match: TopicRule['match']): (topic: string) => boolean {
  if (typeof match === 'function') {
    return (topic) => Boolean(attempt('find the rule of a topic', () => askRule(match, topic)));
  }
  const pattern = typeof match === 'string' ? wildcard(match) : new RegExp(match.source, match.flags);
  return (topic) => {
    pattern.lastIndex = 0; // With the flag g or y it remembers where it was.
    return pattern.test(topic);
  };
}

function askRule(match: (topic: string) => boolean, topic: string): boolean {
  const answer = match(topic);
  refusePromise(answer, '`match` of a rule to return a boolean');
  return answer;
}

function wildcard(name: string): RegExp {
  return new RegExp(`^${name.split('*').map(escape).join('.*')}$`, 's');
}

function escape(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
