import { createRequire } from 'node:module';
import { connect } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** A message as it is written to the broker. */
export interface WrittenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order; a list where a name stands more than once. */
  readonly headers: readonly (readonly [name: string, value: unknown])[];
}

/** What one request to send says. */
export interface WrittenProduce {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId: string | null;
  readonly records: readonly WrittenRecord[];
}

// The driver's own, for which it has no types.
const require = createRequire(import.meta.url);
const NUMBERS = require('kafkajs/src/protocol/requests/apiKeys') as Readonly<Record<string, number>>;
const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]));
const PRODUCE = NUMBERS['Produce'];

/** How many there are of these is a matter of how much time goes by. */
const PACED = new Set(['Fetch', 'Heartbeat']);

/** The connections of a client, which keep every byte that it writes to the broker. */
export class RecordingSockets {
  readonly #requests: Buffer[] = [];

  readonly factory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (bytes: string | Uint8Array, ...rest: unknown[]) => {
      this.#requests.push(Buffer.from(bytes as Uint8Array)); // kafkajs writes each request at once.
      return write(bytes, ...rest);
    };
    return socket;
  };

  /** How many requests of each kind there were, but for those that are sent again and again. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const request of this.#requests) {
      const kind = NAMES.get(kindOf(request)) ?? 'unknown';
      if (!PACED.has(kind)) {
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** The requests to send since the last time, without their numbers, which count all requests of a connection. */
  takeProduces(): readonly Buffer[] {
    const produces = this.#requests.filter((request) => kindOf(request) === PRODUCE);
    this.#requests.splice(0);
    return produces.map((request) => Buffer.concat([request.subarray(0, 8), request.subarray(12)]));
  }
}

function kindOf(request: Buffer): number {
  return request.readInt16BE(4);
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): unknown;
  readInt8(): number;
  readString(): string | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readBytes(): Buffer;
}

interface DecodedRecord {
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, unknown>>;
}

const DecoderOf = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: Decoder,
) => Promise<{ readonly records: readonly DecodedRecord[] }>;

const SIZE_KIND_AND_VERSION = 8;
const MAGIC_BEFORE = 16;

/** Reads a request to send as the broker does. */
export async function readProduce(bytes: Buffer): Promise<WrittenProduce> {
  const decoder = new DecoderOf(bytes.subarray(SIZE_KIND_AND_VERSION));
  decoder.readString(); // The client id.
  const transactionalId = decoder.readString();
  const [acks, timeout] = [decoder.readInt16(), decoder.readInt32()];
  const topics = decoder.readArray((ofTopic) => ({
    topic: ofTopic.readString() as string,
    partitions: ofTopic.readArray((one) => ({ partition: one.readInt32(), batch: one.readBytes() })),
  }));
  const records: WrittenRecord[] = [];
  for (const { topic, partitions } of topics) {
    for (const { partition, batch } of partitions) {
      for (const { timestamp, key, value, headers } of (await decodeBatch(batchDecoder(batch))).records) {
        records.push({ topic, partition, timestamp, key, value, headers: Object.entries(headers) });
      }
    }
  }
  return { acks, timeout, transactionalId, records };
}

function batchDecoder(batch: Buffer): Decoder {
  if (batch[MAGIC_BEFORE] !== 2) throw new Error('Expected a record batch of version 2.');
  return new DecoderOf(batch);
}
