import { InvalidOptionError } from './errors/index.js';

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

const RELATIONS: readonly Relation[] = ['both', 'parent', 'link'];
const SEMCONV_NAMES: readonly SemconvNames[] = ['latest', 'both'];
const KNOWN: readonly string[] = ['enabled', 'relation', 'semconv', 'correlationId'];

/**
 * Checks what the user gave and fills in the defaults.
 *
 * @throws {InvalidOptionError} for a value that an option cannot have, and for an unknown option
 * @internal
 */
export function resolveOptions(given: KafkaTracingModuleOptions = {}): ResolvedOptions {
  requireObject(given);
  for (const option of Object.keys(given)) {
    if (!KNOWN.includes(option)) {
      const cure = `Remove it, or use one of ${KNOWN.map((name) => `\`${name}\``).join(', ')}.`;
      throw new InvalidOptionError(
        option,
        'to be absent, as there is no such option',
        given[option as never],
        cure,
      );
    }
  }
  const {
    enabled = true,
    relation = 'both',
    semconv = semconvFromEnvironment(),
    correlationId = false,
  } = given;
  if (typeof enabled !== 'boolean') {
    throw new InvalidOptionError('enabled', 'to be a boolean', enabled, 'Use true or false.');
  }
  return {
    enabled,
    relation: oneOf('relation', RELATIONS, relation),
    semconv: oneOf('semconv', SEMCONV_NAMES, semconv),
    correlationId: headerName('correlationId', correlationId),
  };
}

/**
 * @throws {InvalidOptionError} for what is no object of options
 * @internal
 */
export function requireObject(given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const cure = 'Pass an object of options, or nothing.';
    throw new InvalidOptionError('options', 'to be an object', given, cure);
  }
}

function oneOf<T extends string>(option: string, allowed: readonly T[], value: T): T {
  if (!allowed.includes(value)) {
    const list = allowed.map((name) => `'${name}'`).join(', ');
    throw new InvalidOptionError(option, `to be one of ${list}`, value, `Use one of ${list}.`);
  }
  return value;
}

// Names that something else writes or reads on the same messages: the propagators, Nest's request and reply.
const RESERVED = /^(traceparent|tracestate|baggage|b3|x-b3-.*|uber-trace-id|kafka_.*|__proto__)$/i;

function headerName(option: string, value: string | false): string | false {
  if (value === false) {
    return value;
  }
  const cure = "Name a header of your own, such as 'correlation_id', or use false.";
  if (typeof value !== 'string' || value.trim() === '') {
    throw new InvalidOptionError(option, 'to be a header name or false', value, cure);
  }
  if (RESERVED.test(value)) {
    throw new InvalidOptionError(option, 'to be a header name that nothing else uses', value, cure);
  }
  return value;
}

/** @see https://opentelemetry.io/docs/specs/semconv/messaging/ on `OTEL_SEMCONV_STABILITY_OPT_IN` */
function semconvFromEnvironment(): SemconvNames {
  const optIns = (process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '').split(',').map((entry) => entry.trim());
  return optIns.includes('messaging') && !optIns.includes('messaging/dup') ? 'latest' : 'both';
}
