import { diag } from '@opentelemetry/api';
import { attempt, report } from '../tracing/fail-open.js';
import type { OpenSpans } from '../tracing/open-spans.js';
import { flushers, registeredSdk } from '../tracing/registered-sdk.js';
import { holdNoLongerThan } from './process-holders.js';
import type { TracedApplication } from './traced-application.js';

// Where spans stay open, this part of the time is left for those that have ended.
const FOR_THE_EXPORT = 0.2;

const PURPOSE = 'export spans and metrics when the application was closed';

const shutdowns = new WeakMap<TracedApplication, Shutdown>();

/**
 * One for an application, however often the module is imported: there is one deadline.
 *
 * @internal
 */
export function shutdownOf(application: TracedApplication): Shutdown {
  const shutdown = shutdowns.get(application) ?? new Shutdown(application);
  shutdowns.set(application, shutdown);
  return shutdown;
}

/**
 * The end of an application: lets its spans end, then has the SDK export what it holds back, all within one deadline, which
 * starts with the first hook. Nothing here rejects.
 *
 * @internal
 */
export class Shutdown {
  readonly #application: TracedApplication;
  #deadline: number | undefined;
  #exported: number | undefined;

  constructor(application: TracedApplication) {
    this.#application = application;
  }

  /** May be called again, for what other hooks have sent since. */
  async settle(): Promise<void> {
    const { openSpans, options } = this.#application;
    const { enabled, shutdownTimeoutMs } = options;
    const exported = this.#exported ?? (enabled ? undefined : 0); // Where tracing is off a client may have its own.
    if (shutdownTimeoutMs === 0 || exported === openSpans.total) {
      return;
    }
    this.#deadline ??= performance.now() + shutdownTimeoutMs;
    await this.#export(openSpans, this.#deadline);
    this.#exported = openSpans.total;
  }

  async #export(openSpans: OpenSpans, deadline: number): Promise<void> {
    const sdk = registeredSdk();
    if (!sdk.tracerProvider && !sdk.meterProvider) {
      return;
    }
    if (!(await isInTime(openSpans.whenNone(), millisecondsTo(deadline) * (1 - FOR_THE_EXPORT)))) {
      const many = openSpans.count === 1 ? '1 span is' : `${openSpans.count} spans are`;
      const message = `nestjs-kafka-tracing: ${many} still open where the application is closed, and may be lost.`;
      attempt('say how many spans are open', () => diag.warn(message));
    }
    const left = millisecondsTo(deadline);
    const flushed = flushers().map((flush) =>
      holdNoLongerThan(left, () => flush(left)).catch((error: unknown) => report(PURPOSE, error)),
    );
    if (!(await isInTime(Promise.all(flushed), left))) {
      report(PURPOSE, new Error(`Nothing answered within ${Math.round(left)} ms.`));
    }
  }
}

// What a timer takes; a longer one would fire at once.
const LONGEST_TIMER = 2 ** 31 - 1;

function millisecondsTo(deadline: number): number {
  return Math.min(Math.max(1, deadline - performance.now()), LONGEST_TIMER);
}

async function isInTime(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
