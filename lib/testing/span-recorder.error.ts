/**
 * What a {@link SpanRecorder} was asked for and cannot give, with the way out.
 *
 * `code` is stable: compare it, not the message.
 *
 * @experimental
 * @publicApi
 */
export class SpanRecorderError extends Error {
  override readonly name = 'SpanRecorderError';
  readonly code: SpanRecorderErrorCode;
  /** What to do about it, in one sentence. */
  readonly cure: string;

  constructor(code: SpanRecorderErrorCode, problem: string, cure: string, options?: ErrorOptions) {
    super(`${problem} ${cure}`, options);
    this.code = code;
    this.cure = cure;
  }
}

/**
 * The codes of {@link SpanRecorderError}.
 *
 * @experimental
 * @publicApi
 */
export type SpanRecorderErrorCode =
  /** `start()` found that a package of the OpenTelemetry SDK is not installed, or does not load. */
  | 'SPAN_RECORDER_SDK_MISSING'
  /** `start()` found an SDK of before 2.0. */
  | 'SPAN_RECORDER_SDK_TOO_OLD'
  /** `start()` found that the process has a tracer provider already. */
  | 'SPAN_RECORDER_PROVIDER_REGISTERED'
  | 'SPAN_RECORDER_OPTION_INVALID'
  /** The deadline passed, and fewer spans than awaited have ended. */
  | 'SPAN_RECORDER_TOO_FEW'
  | 'SPAN_RECORDER_TOO_MANY';
