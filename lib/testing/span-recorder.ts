import type { SamplerOfSdk } from './application-sdk.js';
import { tooFew, tooMany } from './awaited-spans.js';
import { registerTelemetry } from './global-telemetry.js';
import type { RecordedSpan } from './recorded-span.js';
import { SpanRecorderError } from './span-recorder.error.js';

/**
 * How a {@link SpanRecorder} waits.
 *
 * @experimental
 * @publicApi
 */
export interface SpanRecorderOptions {
  /**
   * Milliseconds that `one` and `all` wait for spans to end. Keep it below the timeout of a test, or that comes first and
   * says less.
   *
   * @default 4_000, below the 5_000 of Vitest and Jest
   */
  readonly deadlineMs?: number;
}

/**
 * How {@link SpanRecorder.start} starts.
 *
 * @experimental
 * @publicApi
 */
export interface SpanRecorderStartOptions extends SpanRecorderOptions {
  /**
   * A sampler of the SDK that is installed, handed to its tracer provider.
   *
   * @default what the SDK does: every trace is sampled, and whoever continues one does as it does
   */
  readonly sampler?: SamplerOfSdk;
}

const DEADLINE_MS = 4_000;

/**
 * Keeps every span in memory, for tests. It is a span processor of the OpenTelemetry SDK, 2.x or 3.x: give it to the
 * application's own provider,
 *
 * ```ts
 * const spans = new SpanRecorder();
 * new NodeSDK({ spanProcessors: [spans] }).start();
 * ```
 *
 * or let it bring one:
 *
 * ```ts
 * const spans = await SpanRecorder.start();
 * // … the application is created, and sends
 * const send = await spans.one('send orders');
 * expect(await spans.one('process orders')).toBeProcessSpanOf(send);
 * spans.stop();
 * ```
 *
 * Spans that are not sampled never come to a span processor, and so are not recorded.
 *
 * @experimental
 * @publicApi
 */
export class SpanRecorder {
  /** @internal */
  private readonly deadlineMs: number;
  /** @internal */
  private readonly openSpans = new Set<RecordedSpan>();
  /** @internal */
  private finishedSpans: RecordedSpan[] = [];
  /** @internal Looked at whenever a span has ended. */
  private readonly awaited = new Set<() => void>();
  /** @internal */
  private takeAway: (() => void) | undefined;

  /**
   * Registers, for the whole process, a tracer provider that this recorder listens to, an AsyncLocalStorage context manager
   * and the W3C propagators of trace context and baggage. They are those of the application's own SDK: it takes
   * `@opentelemetry/sdk-trace` (or `sdk-trace-base` before 2.9), `@opentelemetry/context-async-hooks` and
   * `@opentelemetry/core`. A context manager or propagator that is registered already stays. Call it before the
   * application is created, and {@link stop} after it was closed.
   *
   * @throws {@link SpanRecorderError} with a `code` and a cure: a package is missing or too old, a provider is registered already, an
   * option is invalid. Nothing is registered then.
   */
  static async start(options: SpanRecorderStartOptions = {}): Promise<SpanRecorder> {
    const recorder = new SpanRecorder(options);
    recorder.takeAway = await registerTelemetry(recorder, options.sampler);
    return recorder;
  }

  /** @throws {@link SpanRecorderError} where an option is invalid. */
  constructor(options: SpanRecorderOptions = {}) {
    this.deadlineMs = validDeadline(options.deadlineMs);
  }

  /** The spans that have started and not ended: after a test, what leaked. */
  get open(): readonly RecordedSpan[] {
    return [...this.openSpans];
  }

  /** In the order in which they ended. */
  get finished(): readonly RecordedSpan[] {
    return this.finishedSpans;
  }

  /** The spans of that name that have ended by now. */
  named(name: string): readonly RecordedSpan[] {
    return this.finishedSpans.filter((span) => span.name === name);
  }

  /**
   * The only span of that name, once it has ended.
   *
   * @throws {@link SpanRecorderError} where none has ended within `deadlineMs`, or more than one; it says which spans there
   * are.
   */
  async one(name: string): Promise<RecordedSpan> {
    const [span] = await this.all(name, 1);
    return span as RecordedSpan;
  }

  /**
   * The spans of that name, once exactly so many have ended.
   *
   * @throws {@link SpanRecorderError} where fewer have ended within `deadlineMs`, or more; it says which spans there are.
   */
  async all(name: string, count: number): Promise<readonly RecordedSpan[]> {
    if (!(await this.becomesTrue(() => this.named(name).length >= count)))
      throw tooFew(this, name, count, this.deadlineMs);
    const spans = this.named(name);
    if (spans.length > count) throw tooMany(spans, name, count);
    return spans;
  }

  /** Forgets every span, also those that are still open: before each test. */
  reset(): void {
    this.finishedSpans = [];
    this.openSpans.clear();
  }

  /**
   * Unregisters what {@link start} has registered, and nothing else; what is recorded stays. May be called more than once,
   * and on a recorder that was not started.
   */
  stop(): void {
    this.takeAway?.();
    this.takeAway = undefined;
  }

  /** Called by the SDK. */
  onStart(span: RecordedSpan): void {
    this.openSpans.add(span);
  }

  /** Called by the SDK. */
  onEnd(span: RecordedSpan): void {
    // One that was open at the last reset belongs to a test that is over.
    if (!this.openSpans.delete(span)) return;
    this.finishedSpans.push(span);
    this.awaited.forEach((look) => look());
  }

  /** Called by the SDK; there is nothing to flush. */
  async forceFlush(): Promise<void> {}

  /** Called by the SDK; what is recorded stays. */
  async shutdown(): Promise<void> {}

  /** @internal Whether something holds, now or after the end of a span that ends in time. */
  private becomesTrue(holds: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (result: boolean): void => {
        clearTimeout(deadline);
        this.awaited.delete(look);
        resolve(result);
      };
      const look = (): void => void (holds() && settle(true));
      const deadline = setTimeout(settle, this.deadlineMs, false);
      this.awaited.add(look);
      look();
    });
  }
}

function validDeadline(deadlineMs: unknown = DEADLINE_MS): number {
  if (typeof deadlineMs === 'number' && deadlineMs >= 0 && deadlineMs < 2 ** 31) return deadlineMs;
  throw new SpanRecorderError(
    'SPAN_RECORDER_OPTION_INVALID',
    `Expected \`deadlineMs\` to be a number of milliseconds from 0 up, got \`${String(deadlineMs)}\` (${typeof deadlineMs}).`,
    `Leave it out to get ${DEADLINE_MS}.`,
  );
}
