import { describe, expect, it } from 'vitest';
import { printable } from '../../lib/tracing/printable.js';

describe('what is printable', () => {
  it.each<[what: string, value: unknown]>([
    ['text', 'käse'],
    ['no text at all', ''],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters of three bytes', '€'.repeat(256)],
  ])('is text of up to 256 characters, also as bytes: %s', (_what, text) => {
    expect(printable(text)).toBe(text);
    expect(printable(Buffer.from(text as string))).toBe(text);
  });

  it.each<[what: string, value: unknown]>([
    ['257 characters', 'x'.repeat(257)],
    ['their bytes', Buffer.from('x'.repeat(257))],
    ['a megabyte', Buffer.alloc(1_048_576, 'x')],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe])],
    ['half a character', Buffer.from('ü').subarray(0, 1)],
    ['bytes of another kind', new Uint8Array([0x78])],
    ['a number', 7],
    ['an object', { toString: () => 'x' }],
    ['a list', ['x']],
    ['null', null],
    ['undefined', undefined],
  ])('is nothing else: %s', (_what, value) => {
    expect(printable(value)).toBeUndefined();
  });
});
