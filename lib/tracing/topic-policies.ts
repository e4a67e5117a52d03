import type { Relation, TopicRule, Trust } from '../kafka-tracing.options.js';
import type { ResolvedOptions } from '../resolve-options.js';

/**
 * What holds for a topic: the module's options, with what the first matching rule says otherwise.
 *
 * @internal
 */
export interface TopicPolicy extends Pick<
  ResolvedOptions,
  'relation' | 'trust' | 'existingContext' | 'requireParent'
> {
  /** What spans call the topic: its template, else its name. */
  readonly spanTarget: string;
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
}

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

  /** What holds for a topic that no rule matches. */
  ofModule(topic: string): TopicPolicy {
    const { relation, trust, existingContext, requireParent } = this.#options;
    return { relation, trust, existingContext, requireParent, spanTarget: topic, template: undefined };
  }

  #find(topic: string): TopicPolicy {
    const policy = this.ofModule(topic);
    const rule = this.#options.topics.find(({ match }) => matches(match, topic));
    return {
      relation: rule?.relation ?? policy.relation,
      trust: rule?.trust ?? policy.trust,
      existingContext: rule?.existingContext ?? policy.existingContext,
      requireParent: rule?.requireParent ?? policy.requireParent,
      spanTarget: rule?.template ?? topic,
      template: rule?.template,
    };
  }
}

function matches(match: TopicRule['match'], topic: string): boolean {
  if (typeof match === 'function') {
    return match(topic);
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
