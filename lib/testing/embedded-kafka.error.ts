/**
 * What kept an {@link EmbeddedKafka} from starting or running, with the way out.
 *
 * `code` is stable: compare it, not the message.
 *
 * @experimental
 * @publicApi
 */
export class EmbeddedKafkaError extends Error {
  override readonly name = 'EmbeddedKafkaError';
  readonly code: EmbeddedKafkaErrorCode;
  /** What to do about it, in one sentence. */
  readonly cure: string;

  constructor(code: EmbeddedKafkaErrorCode, problem: string, cure: string, options?: ErrorOptions) {
    super(`${problem} ${cure}`, options);
    this.code = code;
    this.cure = cure;
  }
}

/**
 * The codes of {@link EmbeddedKafkaError}.
 *
 * @experimental
 * @publicApi
 */
export type EmbeddedKafkaErrorCode =
  | 'EMBEDDED_KAFKA_PLATFORM_UNSUPPORTED'
  | 'EMBEDDED_KAFKA_JAVA_MISSING'
  | 'EMBEDDED_KAFKA_JAVA_TOO_OLD'
  | 'EMBEDDED_KAFKA_MAVEN_MISSING'
  | 'EMBEDDED_KAFKA_DOWNLOAD_FAILED'
  | 'EMBEDDED_KAFKA_OPTION_INVALID'
  | 'EMBEDDED_KAFKA_PORT_TAKEN'
  | 'EMBEDDED_KAFKA_START_FAILED'
  | 'EMBEDDED_KAFKA_STOPPED'
  | 'EMBEDDED_KAFKA_KEEPER_DIED'
  | 'EMBEDDED_KAFKA_BROKERS_UNREACHABLE';

/** @internal The way out that always works, at the end of many cures. */
export const OR_USE_ANOTHER_BROKER =
  'or set KAFKA_BROKERS (host:port, separated by commas) to a broker that is already running.';
