import { isRegExp } from 'node:util/types';
import type { ModulesContainer } from '@nestjs/core';
import type { TopicRule } from '../../topic.options.js';
import type { ResolvedOptions } from '../../resolve-options.js';
import { TopicPolicies, matcherOf } from '../../tracing/topic-policies.js';
import type { DiagnosedPolicy, DiagnosedRule, DiagnosedTopic } from './diagnosis.types.js';
import type { NamedHandler } from '../handlers/handler-agreement.js';
import { isServedBy, kindOf, rawPatternsOf } from '../handlers/handler-metadata.js';
import { handlersIn } from '../handlers/handler-registry.js';

/** A pattern, and those of one kind that handle it. */
interface Handled {
  readonly pattern: unknown;
  readonly kind: DiagnosedTopic['kind'];
  readonly handlers: readonly NamedHandler[];
}

/**
 * The patterns that these servers have handlers for, with what holds for each.
 *
 * @internal
 */
export function diagnosedTopics(
  modules: ModulesContainer,
  servers: readonly object[],
  options: ResolvedOptions,
): readonly DiagnosedTopic[] {
  const policies = new TopicPolicies(options);
  return handledBy(modules, servers).map(({ pattern, kind, handlers }) => {
    const topic = isRegExp(pattern) ? undefined : textOf(pattern);
    return {
      pattern: topic ?? String(pattern),
      kind,
      handlers: handlers.map(({ handler }) => handler),
      policy: topic === undefined ? undefined : policyOf(policies, topic, handlers),
      rule: topic === undefined ? undefined : ruleOf(options, topic),
    };
  });
}

function handledBy(modules: ModulesContainer, servers: readonly object[]): readonly Handled[] {
  const handled = new Map<string, Handled>();
  for (const handler of handlersIn(modules)) {
    const { method } = handler;
    if (servers.some((server) => isServedBy(method, server))) {
      for (const pattern of rawPatternsOf(method)) {
        const kind = kindOf(method);
        const key = `${kind} ${textOf(pattern)}`;
        handled.set(key, { pattern, kind, handlers: [...(handled.get(key)?.handlers ?? []), handler] });
      }
    }
  }
  return [...handled.values()];
}

/** Nest writes a pattern that is an object as JSON. */
function textOf(pattern: unknown): string {
  return typeof pattern === 'string' || isRegExp(pattern) ? String(pattern) : JSON.stringify(pattern);
}

const OF_HANDLERS = ['relation', 'trust', 'trace'] as const;

function policyOf(
  policies: TopicPolicies,
  topic: string,
  handlers: readonly NamedHandler[],
): DiagnosedPolicy {
  const { relation, trust, existingContext, requireParent, batch, trace, propagate, template } =
    policies.of(topic);
  const said = handlers.flatMap(({ options }) =>
    OF_HANDLERS.filter((option) => options[option] !== undefined).map((option) => [option, options[option]]),
  );
  const ofTopic = { relation, trust, existingContext, requireParent, batch, trace, propagate, template };
  return { ...ofTopic, ...(Object.fromEntries(said) as Partial<DiagnosedPolicy>) };
}

function ruleOf({ topics }: ResolvedOptions, topic: string): DiagnosedRule | undefined {
  const index = topics.findIndex(({ match }) => matcherOf(match)(topic));
  const rule = topics[index];
  return rule === undefined ? undefined : { index, match: matchText(rule.match) };
}

function matchText(match: TopicRule['match']): string {
  if (typeof match !== 'function') {
    return String(match);
  }
  // A function in a literal is called after its property.
  return match.name === '' || match.name === 'match' ? 'a function' : `${match.name}()`;
}
