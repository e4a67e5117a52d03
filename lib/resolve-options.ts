import type { BaggageLimits, KafkaTracingModuleOptions, SemconvNames } from './kafka-tracing.options.js';
import type {
  BatchSpans,
  ExistingContext,
  Relation,
  TopicOptions,
  TopicRule,
  Trust,
} from './topic.options.js';
import {
  boolean,
  fail,
  functionOrNothing,
  headerName,
  integerFrom,
  listOfNames,
  oneOf,
  refuseUnknown,
  requireObject,
} from './option-checks.js';

type WithoutDefault = 'classifyError' | 'onSend' | 'onProcess' | 'baggage';

/** @internal */
export interface ResolvedOptions extends Required<Omit<KafkaTracingModuleOptions, WithoutDefault>> {
  readonly classifyError: KafkaTracingModuleOptions['classifyError'];
  readonly onSend: KafkaTracingModuleOptions['onSend'];
  readonly onProcess: KafkaTracingModuleOptions['onProcess'];
  readonly baggage: ResolvedBaggageLimits;
}

/** @internal */
export interface ResolvedBaggageLimits extends Required<Omit<BaggageLimits, 'allow'>> {
  /** `undefined` for all. */
  readonly allow: readonly string[] | undefined;
}

/** @internal */
export type ResolvedTopicOptions = Required<TopicOptions>;

const RELATIONS: readonly Relation[] = ['both', 'parent', 'link'];
const TRUSTS: readonly Trust[] = ['continue', 'restart', 'ignore'];
const EXISTING_CONTEXTS: readonly ExistingContext[] = ['preserve', 'overwrite'];
const BATCHES: readonly BatchSpans[] = ['create', 'single'];
const SEMCONV_NAMES: readonly SemconvNames[] = ['latest', 'both'];

/** @internal */
export const TOPIC_DEFAULTS: ResolvedTopicOptions = {
  relation: 'both',
  trust: 'continue',
  existingContext: 'preserve',
  requireParent: false,
  batch: 'create',
  trace: true,
  propagate: true,
  messageKey: true,
};

const OF_TOPICS = Object.keys(TOPIC_DEFAULTS) as (keyof TopicOptions)[];
const KNOWN_OF_RULE: readonly string[] = ['match', ...OF_TOPICS, 'template'];
const KNOWN_OF_BAGGAGE: readonly string[] = ['allow', 'maxEntries', 'maxBytes'];
const KNOWN: readonly string[] = [
  'enabled',
  ...OF_TOPICS,
  'topics',
  'semconv',
  'correlationId',
  'maxCreateSpans',
  'maxLinks',
  'baggage',
  'maxTracestateBytes',
  'captureHeaders',
  'bodySize',
  'classifyError',
  'onSend',
  'onProcess',
  'shutdownTimeoutMs',
];

/**
 * Checks what the user gave and fills in the defaults.
 *
 * @throws {InvalidOptionError} for a value that an option cannot have, and for an unknown option
 * @internal
 */
export function resolveOptions(given: KafkaTracingModuleOptions = {}): ResolvedOptions {
  requireObject(given);
  refuseUnknown(given, KNOWN, '');
  const { enabled = true, topics = [], semconv = semconvFromEnvironment(), correlationId = false } = given;
  const { maxCreateSpans = 100, maxLinks = 128, baggage = {}, maxTracestateBytes = 512 } = given;
  const { captureHeaders = [], bodySize = false, shutdownTimeoutMs = 5_000 } = given;
  const { classifyError, onSend, onProcess } = given;
  return {
    enabled: boolean('enabled', enabled),
    ...resolveTopicOptions(given),
    topics: checkRules(topics),
    semconv: oneOf('semconv', SEMCONV_NAMES, semconv),
    correlationId: headerName('correlationId', correlationId),
    maxCreateSpans: integerFrom(0, 'maxCreateSpans', maxCreateSpans),
    maxLinks: integerFrom(0, 'maxLinks', maxLinks),
    baggage: resolveBaggageLimits(baggage),
    maxTracestateBytes: integerFrom(0, 'maxTracestateBytes', maxTracestateBytes),
    captureHeaders: listOfNames('captureHeaders', captureHeaders, "Name headers, as in ['x-tenant']."),
    bodySize: boolean('bodySize', bodySize),
    classifyError: functionOrNothing('classifyError', classifyError, "(error) => 'expected'"),
    onSend: functionOrNothing('onSend', onSend, '(span, sent) => {}'),
    onProcess: functionOrNothing('onProcess', onProcess, '(span, handled) => {}'),
    shutdownTimeoutMs: integerFrom(0, 'shutdownTimeoutMs', shutdownTimeoutMs),
  };
}

/**
 * @param at where the options stand, as a prefix of their names
 * @throws {InvalidOptionError} for a value that an option cannot have
 * @internal
 */
export function checkTopicOptions(given: TopicOptions, at: string): void {
  const { relation, trust, existingContext, requireParent, batch, trace, propagate, messageKey } = given;
  if (relation !== undefined) oneOf(`${at}relation`, RELATIONS, relation);
  if (trust !== undefined) oneOf(`${at}trust`, TRUSTS, trust);
  if (existingContext !== undefined) oneOf(`${at}existingContext`, EXISTING_CONTEXTS, existingContext);
  if (requireParent !== undefined) boolean(`${at}requireParent`, requireParent);
  if (batch !== undefined) oneOf(`${at}batch`, BATCHES, batch);
  if (trace !== undefined) boolean(`${at}trace`, trace);
  if (propagate !== undefined) boolean(`${at}propagate`, propagate);
  if (messageKey !== undefined && typeof messageKey !== 'function' && typeof messageKey !== 'boolean') {
    const cure = 'Use true, false, or (key) => text.';
    fail(`${at}messageKey`, 'to be a boolean or a function', messageKey, cure);
  }
}

function resolveTopicOptions(given: TopicOptions): ResolvedTopicOptions {
  checkTopicOptions(given, '');
  const named = OF_TOPICS.filter((option) => given[option] !== undefined);
  return { ...TOPIC_DEFAULTS, ...Object.fromEntries(named.map((option) => [option, given[option]])) };
}

function resolveBaggageLimits(given: BaggageLimits): ResolvedBaggageLimits {
  requireObject(given, 'baggage');
  refuseUnknown(given, KNOWN_OF_BAGGAGE, 'baggage.');
  const { allow, maxEntries = 64, maxBytes = 8_192 } = given;
  return {
    allow:
      allow === undefined
        ? undefined
        : listOfNames('baggage.allow', allow, "Name entries, as in ['tenant'], or leave it out for all."),
    maxEntries: integerFrom(0, 'baggage.maxEntries', maxEntries),
    maxBytes: integerFrom(0, 'baggage.maxBytes', maxBytes),
  };
}

function checkRules(topics: readonly TopicRule[]): readonly TopicRule[] {
  if (!Array.isArray(topics)) {
    fail('topics', 'to be an array of rules', topics, "Pass [{ match: 'audit.*', … }].");
  }
  topics.forEach((rule, index) => checkRule(rule, `topics[${index}]`));
  return topics;
}

function checkRule(rule: TopicRule, at: string): void {
  if (typeof rule !== 'object' || rule === null) {
    fail(at, 'to be a rule', rule, "Pass { match: 'audit.*', … }.");
  }
  refuseUnknown(rule, KNOWN_OF_RULE, `${at}.`);
  checkTopicOptions(rule, `${at}.`);
  const { match, template } = rule;
  if (!(
    typeof match === 'function' ||
    match instanceof RegExp ||
    (typeof match === 'string' && match !== '')
  )) {
    const cure = "Name topics as 'audit.*', or pass a regular expression or a function.";
    fail(`${at}.match`, 'to say which topics', match, cure);
  }
  if (template !== undefined && (typeof template !== 'string' || template === '')) {
    fail(`${at}.template`, 'to be a name', template, "Use one such as 'replies-{instance}'.");
  }
}

/** @see https://opentelemetry.io/docs/specs/semconv/messaging/ on `OTEL_SEMCONV_STABILITY_OPT_IN` */
function semconvFromEnvironment(): SemconvNames {
  const optIns = (process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '').split(',').map((entry) => entry.trim());
  return optIns.includes('messaging') && !optIns.includes('messaging/dup') ? 'latest' : 'both';
}
