import { MalformedPayloadError } from './malformed-payload.error.js';

/** A message as either encoding gives it: camelCase names, values still of any type. */
export type Message = Readonly<Record<string, unknown>>;

export function message(value: unknown, what: string): Message {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Message;
  throw new MalformedPayloadError(`Expected \`${what}\` to be an object`);
}

export function messages(value: unknown, what: string): readonly Message[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((item) => message(item, what));
  throw new MalformedPayloadError(`Expected \`${what}\` to be an array`);
}

export function text(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new MalformedPayloadError(`Expected \`${what}\` to be a string`);
}

/** An enum: OTLP/JSON allows its number only. */
export function enumeration(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new MalformedPayloadError(`Expected \`${what}\` to be an integer`);
}

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 64n - 1n;

/** A 64-bit integer, with a sign or without: a bigint from protobuf; a decimal string, or for small ones a number, from JSON. */
export function integer(value: unknown, what: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === 'bigint') return value;
  const isWhole = typeof value === 'string' ? /^-?\d{1,20}$/.test(value) : Number.isInteger(value);
  const number = isWhole ? BigInt(value as string | number) : LARGEST + 1n;
  if (number >= SMALLEST && number <= LARGEST) return number;
  throw new MalformedPayloadError(`Expected \`${what}\` to be a 64-bit integer`);
}

/** A number; JSON writes those that it has no signs for as text, such as `"NaN"`. */
export function double(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
  if (!Number.isNaN(number) || value === 'NaN') return number;
  throw new MalformedPayloadError(`Expected \`${what}\` to be a number`);
}

/**
 * A trace or span id as lower-case hex; undefined when it is absent or not valid. OTLP/JSON writes ids as hex, and
 * not as base64 like other bytes.
 */
export function identifier(value: unknown, bytes: 8 | 16): string | undefined {
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  if (typeof hex !== 'string' || hex.length !== bytes * 2) return undefined;
  return /^[0-9a-f]+$/i.test(hex) && /[^0]/.test(hex) ? hex.toLowerCase() : undefined;
}
