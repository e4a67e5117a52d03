import { inspect, isDeepStrictEqual } from 'node:util';
import { ConflictingOptionsError } from '../errors/index.js';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { type ResolvedOptions, resolveOptions } from '../resolve-options.js';
import { KafkaTracer } from '../tracing/kafka-tracer.js';
import { OpenSpans } from '../tracing/open-spans.js';

/**
 * One Nest application's tracing: its options, once they are known, and its tracer. Until then the defaults hold, so that
 * what is sent while the application starts is traced, too.
 *
 * @internal
 */
export class TracedApplication {
  /** Also those of its clients that have options of their own. */
  readonly openSpans = new OpenSpans();
  #options: ResolvedOptions | undefined;
  #tracer: KafkaTracer | undefined;

  /** @throws {ConflictingOptionsError} where the application was configured before, with other options */
  configure(given: KafkaTracingModuleOptions | undefined): void {
    const options = resolveOptions(given);
    if (this.#options !== undefined) {
      refuseDifferent(this.#options, options);
      return;
    }
    this.#options = options;
    this.#tracer = options.enabled ? this.#tracerWith(options) : undefined;
  }

  get options(): ResolvedOptions {
    return this.#options ?? resolveOptions();
  }

  /** The tracer; `undefined` where tracing is off. */
  tracer(): KafkaTracer | undefined {
    if (this.#options === undefined) {
      this.#tracer ??= this.#tracerWith(resolveOptions());
    }
    return this.#tracer;
  }

  #tracerWith(options: ResolvedOptions): KafkaTracer {
    return new KafkaTracer(options, () => this.openSpans);
  }
}

function refuseDifferent(one: ResolvedOptions, other: ResolvedOptions): void {
  const names = Object.keys(one) as (keyof ResolvedOptions)[];
  const different = names.filter((name) => !isDeepStrictEqual(one[name], other[name]));
  if (different.length > 0) {
    throw new ConflictingOptionsError(
      different.map((name) => `\`${name}\` is ${inspect(one[name])} and ${inspect(other[name])}`),
    );
  }
}
