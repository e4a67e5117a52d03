import { isUtf8 } from 'node:buffer';

const LONGEST = 256;
const MOST_BYTES_A_CHARACTER = 4;

/**
 * A key or a header as a string of up to 256 characters; `undefined` for none, for a longer one, and for a binary one,
 * which has no canonical string.
 *
 * @internal
 */
export function printable(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return value.length <= LONGEST ? value : undefined;
  }
  if (!Buffer.isBuffer(value) || value.length > LONGEST * MOST_BYTES_A_CHARACTER) {
    return undefined;
  }
  const text = value.toString('utf8');
  return text.length <= LONGEST && isText(value, text) ? text : undefined;
}

// What is in the place of bytes that are no UTF-8; or of a character that somebody sent as such.
const REPLACEMENT = '\uFFFD';

function isText(bytes: Buffer, decoded: string): boolean {
  return !decoded.includes(REPLACEMENT) || isUtf8(bytes);
}
