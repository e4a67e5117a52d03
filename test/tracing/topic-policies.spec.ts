import { describe, expect, it, vi } from 'vitest';
import type { TopicRule } from '../../lib/topic.options.js';
import { resolveOptions } from '../../lib/resolve-options.js';
import { TopicPolicies, spanName } from '../../lib/tracing/topic-policies.js';

function policyOf(topic: string, ...topics: readonly TopicRule[]) {
  return new TopicPolicies(resolveOptions({ topics })).of(topic);
}

describe('TopicPolicies', () => {
  it.each<[match: TopicRule['match'], topic: string, isMatch: boolean]>([
    ['audit', 'audit', true],
    ['audit', 'audit.log', false],
    ['audit.*', 'audit.log', true],
    ['audit.*', 'auditXlog', false],
    ['*.audit', 'eu.audit', true],
    ['a*c', 'abc', true],
    ['a*c', 'abcd', false],
    ['*', 'anything', true],
    [/^audit/, 'audit.log', true],
    [/audit/g, 'audit', true],
    [(topic) => topic.length === 3, 'abc', true],
    [(topic) => topic.length === 3, 'abcd', false],
  ])('matches %s with %s: %s', (match, topic, isMatch) => {
    expect(policyOf(topic, { match, relation: 'link' }).relation).toBe(isMatch ? 'link' : 'both');
  });

  it('takes the first rule that matches, and what it leaves out from the module', () => {
    const rules: TopicRule[] = [
      { match: 'audit.*', relation: 'link' },
      { match: 'audit.log', relation: 'parent', trust: 'restart' },
    ];
    expect(policyOf('audit.log', ...rules)).toMatchObject({ relation: 'link', trust: 'continue' });
  });

  it('asks a function, and a regular expression with a memory, once for a topic', () => {
    const match = vi.fn(() => true);
    const policies = new TopicPolicies(resolveOptions({ topics: [{ match }] }));
    expect(policies.of('a')).toBe(policies.of('a'));
    expect(match.mock.calls).toEqual([['a']]);
  });

  it('names spans by the template of topics that are made on the fly', () => {
    const rule = { match: /^replies-/, template: 'replies-{instance}' };
    expect(spanName('send', 'replies-7', policyOf('replies-7', rule))).toBe('send replies-{instance}');
    expect(spanName('process', 'orders', policyOf('orders', rule))).toBe('process orders');
    expect(policyOf('replies-7', rule).template).toBe(rule.template);
    expect(policyOf('orders', rule).template).toBeUndefined();
  });

  it('is one for all topics of a rule, and cannot be changed', () => {
    const policies = new TopicPolicies(resolveOptions({ topics: [{ match: 'audit.*' }] }));
    expect(policies.of('audit.log')).toBe(policies.of('audit.eu'));
    expect(policies.of('orders')).toBe(policies.of('payments'));
    expect(policies.of('orders')).not.toBe(policies.of('audit.eu'));
    expect(Object.isFrozen(policies.of('orders'))).toBe(true);
  });
});
