import { describe, expect, it } from 'vitest';
import { formatTraceparent, originalCreationContext } from '../../lib/propagation/original-context.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';

describe('the context that a dead letter had first', () => {
  const written = formatTraceparent(remoteSpan(1));

  it('is written as a traceparent', () => {
    expect(written).toBe(traceparent(1));
    expect(formatTraceparent({ ...remoteSpan(1), traceFlags: 0 })).toBe(traceparent(1, 0));
  });

  it.each<[what: string, value: unknown]>([
    ['text', written],
    ['bytes', Buffer.from(written)],
    ['the last of several', [traceparent(2), Buffer.from(written)]],
  ])('is read from its header: %s', (_what, value) => {
    expect(originalCreationContext({ 'x-original-traceparent': value })).toEqual(remoteSpan(1));
  });

  it.each<[what: string, value: unknown]>([
    ['nonsense', 'nonsense'],
    ['no ids', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['an unknown version', written.replace(/^00/, 'ff')],
    ['more than one in one', `${written},${written}`],
    ['a megabyte', 'x'.repeat(1_048_576)],
    ['binary', Buffer.from([0xff, 0xfe])],
    ['null', null],
    ['an object', { traceparent: written }],
    ['nothing', []],
  ])('is none where the header holds none: %s', (_what, value) => {
    expect(originalCreationContext({ 'x-original-traceparent': value })).toBeUndefined();
  });

  it.each([[undefined], [null], ['x-original-traceparent'], [{}], [{ traceparent: written }]])(
    'is none where there is no such header: %j',
    (headers) => {
      expect(originalCreationContext(headers)).toBeUndefined();
    },
  );
});
