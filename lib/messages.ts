/**
 * A message that is sent, as kafkajs was given it.
 *
 * @publicApi
 */
export interface SentMessage {
  readonly topic: string;
  readonly message: {
    readonly key?: Buffer | string | null;
    readonly value: Buffer | string | null;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly partition?: number;
    readonly timestamp?: string;
  };
}

/**
 * A message that is handled, as kafkajs received it.
 *
 * @publicApi
 */
export interface HandledMessage {
  readonly topic: string;
  readonly partition: number;
  readonly message: {
    readonly key?: Buffer | null;
    readonly value: Buffer | null;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly offset: string;
    readonly timestamp?: string;
  };
}
