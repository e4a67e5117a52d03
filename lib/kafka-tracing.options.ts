import { InvalidOptionError } from './errors/index.js';
import { boolean, headerName, oneOf, refuseUnknown, requireObject } from './option-checks.js';

/**
 * How a process span stands to its message's creation context.
 *
 * - `'both'`: its child, and linked to it.
 * - `'parent'`: its child, without a link.
 * - `'link'`: the root of a trace of its own, linked to it.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#trace-structure
 * @publicApi
 */
export type Relation = 'both' | 'parent' | 'link';

/**
 * How far the producers of a topic are trusted. It outranks {@link Relation}.
 *
 * - `'continue'`: their trace goes on, with their sampling decision and their baggage.
 * - `'restart'`: a new trace, linked to theirs, sampled on its own, without their baggage.
 * - `'ignore'`: a new trace without a link.
 *
 * @publicApi
 */
export type Trust = 'continue' | 'restart' | 'ignore';

/**
 * What becomes of a valid context that an outgoing message carries already: kept (`'preserve'`), or replaced by that of the
 * send (`'overwrite'`). The context of the very message that is being handled, copied for a retry or a forward, is replaced
 * either way.
 *
 * @publicApi
 */
export type ExistingContext = 'preserve' | 'overwrite';

/**
 * Options of some topics. The first rule that matches a topic counts; what it leaves out, the module's options say.
 *
 * @publicApi
 */
export interface TopicRule {
  /**
   * Which topics: a name in which `*` stands for anything, a regular expression, or a function. Asked once for a topic.
   *
   * @example 'audit.*'
   */
  readonly match: string | RegExp | ((topic: string) => boolean);

  /**
   * See {@link KafkaTracingModuleOptions.relation}.
   *
   * @default the module's
   */
  readonly relation?: Relation;

  /**
   * See {@link KafkaTracingModuleOptions.trust}.
   *
   * @default the module's
   */
  readonly trust?: Trust;

  /**
   * See {@link KafkaTracingModuleOptions.existingContext}.
   *
   * @default the module's
   */
  readonly existingContext?: ExistingContext;

  /**
   * See {@link KafkaTracingModuleOptions.requireParent}.
   *
   * @default the module's
   */
  readonly requireParent?: boolean;

  /**
   * A low-cardinality name for topics that are made on the fly: it stands in span names, and is
   * `messaging.destination.template`.
   *
   * @default none: spans are named by the topic
   * @example { match: /^replies-/, template: 'replies-{instance}' }
   */
  readonly template?: string;
}

/**
 * Which names the attributes have: those of semantic conventions 1.45 (`'latest'`), or also the older ones that
 * today's back ends search for (`'both'`).
 *
 * @publicApi
 */
export type SemconvNames = 'latest' | 'both';

/**
 * The options of {@link KafkaTracingModule.forRoot}. Every one has a default that suits most applications.
 *
 * @publicApi
 */
export interface KafkaTracingModuleOptions {
  /**
   * Whether anything is traced. With `false` no span is started and no header is read or written.
   *
   * @default true
   * @example KafkaTracingModule.forRoot({ enabled: process.env.NODE_ENV !== 'test' })
   */
  readonly enabled?: boolean;

  /**
   * How a process span stands to the creation context of its message.
   *
   * @default 'both'
   * @example KafkaTracingModule.forRoot({ relation: 'link' })
   */
  readonly relation?: Relation;

  /**
   * How far producers are trusted.
   *
   * @default 'continue'
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'public.*', trust: 'restart' }] })
   */
  readonly trust?: Trust;

  /**
   * What becomes of a context that an outgoing message carries already.
   *
   * @default 'preserve'
   * @example KafkaTracingModule.forRoot({ existingContext: 'overwrite' })
   */
  readonly existingContext?: ExistingContext;

  /**
   * Whether a send has a span only where another one is active. Without one, as in a poller, the message goes out with what
   * context there is.
   *
   * @default false
   * @example KafkaTracingModule.forRoot({ requireParent: true })
   */
  readonly requireParent?: boolean;

  /**
   * Options of some topics. A `@TracedEvent` outranks them for its handler.
   *
   * @default []
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'audit.*', relation: 'link' }] })
   */
  readonly topics?: readonly TopicRule[];

  /**
   * Which attribute names are written.
   *
   * @default what `OTEL_SEMCONV_STABILITY_OPT_IN` says: `'latest'` where its list has `messaging`, else `'both'`
   * @example KafkaTracingModule.forRoot({ semconv: 'latest' })
   */
  readonly semconv?: SemconvNames;

  /**
   * The name of a header that carries the trace id, for consumers that log it but do not trace; `false` for none.
   * A header of that name that the message already has is kept.
   *
   * @default false
   * @example KafkaTracingModule.forRoot({ correlationId: 'correlation_id' })
   */
  readonly correlationId?: string | false;
}

/** @internal */
export type ResolvedOptions = Required<KafkaTracingModuleOptions>;

/** The options that a topic may have otherwise than the module. */
type TopicOptions = Pick<ResolvedOptions, 'relation' | 'trust' | 'existingContext' | 'requireParent'>;

const RELATIONS: readonly Relation[] = ['both', 'parent', 'link'];
const TRUSTS: readonly Trust[] = ['continue', 'restart', 'ignore'];
const EXISTING_CONTEXTS: readonly ExistingContext[] = ['preserve', 'overwrite'];
const SEMCONV_NAMES: readonly SemconvNames[] = ['latest', 'both'];
const OF_TOPICS = ['relation', 'trust', 'existingContext', 'requireParent'] as const;
const KNOWN: readonly string[] = ['enabled', ...OF_TOPICS, 'topics', 'semconv', 'correlationId'];
const KNOWN_OF_RULE: readonly string[] = ['match', ...OF_TOPICS, 'template'];

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
  if (!Array.isArray(topics)) {
    throw new InvalidOptionError(
      'topics',
      'to be an array of rules',
      topics,
      "Pass [{ match: 'audit.*', … }].",
    );
  }
  topics.forEach((rule: TopicRule, index) => checkRule(rule, `topics[${index}]`));
  const {
    relation = 'both',
    trust = 'continue',
    existingContext = 'preserve',
    requireParent = false,
  } = given;
  const ofTopics: TopicOptions = { relation, trust, existingContext, requireParent };
  checkTopicOptions(ofTopics, '');
  return {
    enabled: boolean('enabled', enabled),
    ...ofTopics,
    topics,
    semconv: oneOf('semconv', SEMCONV_NAMES, semconv),
    correlationId: headerName('correlationId', correlationId),
  };
}

/**
 * @param at where the options stand, as a prefix of their names
 * @throws {InvalidOptionError} for a value that an option cannot have
 * @internal
 */
export function checkTopicOptions(given: Partial<TopicOptions>, at: string): void {
  const { relation, trust, existingContext, requireParent } = given;
  if (relation !== undefined) oneOf(`${at}relation`, RELATIONS, relation);
  if (trust !== undefined) oneOf(`${at}trust`, TRUSTS, trust);
  if (existingContext !== undefined) oneOf(`${at}existingContext`, EXISTING_CONTEXTS, existingContext);
  if (requireParent !== undefined) boolean(`${at}requireParent`, requireParent);
}

function checkRule(rule: TopicRule, at: string): void {
  if (typeof rule !== 'object' || rule === null) {
    throw new InvalidOptionError(at, 'to be a rule', rule, "Pass { match: 'audit.*', … }.");
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
    throw new InvalidOptionError(`${at}.match`, 'to say which topics', match, cure);
  }
  if (template !== undefined && (typeof template !== 'string' || template === '')) {
    throw new InvalidOptionError(
      `${at}.template`,
      'to be a name',
      template,
      "Use one such as 'replies-{instance}'.",
    );
  }
}

/** @see https://opentelemetry.io/docs/specs/semconv/messaging/ on `OTEL_SEMCONV_STABILITY_OPT_IN` */
function semconvFromEnvironment(): SemconvNames {
  const optIns = (process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '').split(',').map((entry) => entry.trim());
  return optIns.includes('messaging') && !optIns.includes('messaging/dup') ? 'latest' : 'both';
}
