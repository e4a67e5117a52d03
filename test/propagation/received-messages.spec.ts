import { ROOT_CONTEXT, type SpanContext, createContextKey } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';
import {
  type ReceivedMessage,
  handlingIn,
  isEcho,
  withHandling,
} from '../../lib/propagation/received-messages.js';
import { remoteSpan } from '../support/trace-context.js';
import { handlingOf } from '../support/received.js';

const handling = (...messages: readonly ReceivedMessage[]) => handlingOf(messages);
const echoes = (context: typeof ROOT_CONTEXT, spanContext: SpanContext | undefined, headers = {}): boolean =>
  isEcho(context, headers, () => spanContext);

describe('an echo', () => {
  it('is the very span of a message that is handled', () => {
    const context = handling({ spanContext: remoteSpan(1) }, { spanContext: remoteSpan(3) });
    expect(echoes(context, { ...remoteSpan(1), traceFlags: 0 })).toBe(true);
    expect(echoes(context, remoteSpan(3))).toBe(true);
    expect(echoes(context, remoteSpan(2))).toBe(false);
    expect(echoes(context, { ...remoteSpan(1), spanId: remoteSpan(2).spanId })).toBe(false);
    expect(echoes(context, { ...remoteSpan(1), traceId: remoteSpan(2).traceId })).toBe(false);
  });

  it('is the very baggage of a message that is handled, where no span goes with it', () => {
    const context = handling({ headers: { baggage: Buffer.from('a=1') }, spanContext: undefined });
    expect(echoes(context, undefined, { Baggage: 'a=1' })).toBe(true);
    expect(echoes(context, undefined, { baggage: 'a=2' })).toBe(false);
    expect(echoes(context, undefined, { baggage: '' })).toBe(false);
    expect(echoes(context, undefined, {})).toBe(false);
    expect(echoes(context, remoteSpan(1), { baggage: 'a=1' })).toBe(false);
  });

  it('is nothing where nothing is handled, for which no header is read', () => {
    const read = vi.fn(() => remoteSpan(1));
    expect(isEcho(ROOT_CONTEXT, { baggage: 'a=1' }, read)).toBe(false);
    expect(read).not.toHaveBeenCalled();
  });

  it('reads the messages of a batch once, and when it is asked', () => {
    const read = vi.fn(() => [{ spanContext: remoteSpan(1) }].values());
    const context = handlingOf({ [Symbol.iterator]: read });
    expect(read).not.toHaveBeenCalled();
    expect([echoes(context, remoteSpan(1)), echoes(context, remoteSpan(2))]).toEqual([true, false]);
    expect(read).toHaveBeenCalledOnce();
  });
});

describe('a context in which messages are handled', () => {
  const [ONE, OTHER] = [createContextKey('one'), createContextKey('other')];
  const outer = ROOT_CONTEXT.setValue(ONE, 1);
  const handled = { received: undefined };
  const context = withHandling(outer, handled);

  it('has what it was made of, and knows what is handled', () => {
    expect(context.getValue(ONE)).toBe(1);
    expect(handlingIn(context)).toBe(handled);
    expect(handlingIn(outer)).toBeUndefined();
  });

  it('passes on what is handled to what is made of it, and stays as it is', () => {
    const inner = context.setValue(OTHER, 2).setValue(ONE, 3);
    expect([inner.getValue(ONE), inner.getValue(OTHER), handlingIn(inner)]).toEqual([3, 2, handled]);
    expect([context.getValue(ONE), context.getValue(OTHER)]).toEqual([1, undefined]);
    const without = inner.deleteValue(ONE);
    expect([without.getValue(ONE), without.getValue(OTHER), handlingIn(without)]).toEqual([
      undefined,
      2,
      handled,
    ]);
  });

  it('has one thing that is handled: what is handled within', () => {
    const within = { received: undefined };
    const inner = withHandling(context.setValue(OTHER, 2), within);
    expect(handlingIn(inner)).toBe(within);
    expect(handlingIn(inner.setValue(ONE, 3))).toBe(within);
    expect([inner.getValue(ONE), inner.getValue(OTHER)]).toEqual([1, 2]);
    expect(handlingIn(context)).toBe(handled);
  });
});
