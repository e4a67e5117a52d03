import { type Context, ROOT_CONTEXT, createContextKey } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linked, withValue } from '../../lib/propagation/linked-context.js';

const KEYS = Array.from({ length: 40 }, (_, index) => createContextKey(`key ${index}`));

const someKey = fc.constantFrom(...KEYS);
const change = fc.oneof(
  fc.record({ key: someKey, value: fc.anything() }),
  fc.record({ key: someKey, isDeleted: fc.constant(true) }),
);

function changed(context: Context, one: { key: symbol; value?: unknown; isDeleted?: boolean }): Context {
  return one.isDeleted === true ? context.deleteValue(one.key) : context.setValue(one.key, one.value);
}

function valuesIn(context: Context): unknown[] {
  return KEYS.map((key) => context.getValue(key));
}

describe('a linked context', () => {
  it('has the values that a context of the API has', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.array(change, { maxLength: 60 }),
        (before, after) => {
          const theirs = before.reduce(changed, ROOT_CONTEXT);
          const ours = linked(theirs);
          expect(valuesIn(after.reduce(changed, ours))).toEqual(valuesIn(after.reduce(changed, theirs)));
          expect(valuesIn(ours)).toEqual(valuesIn(theirs)); // It never changes.
        },
      ),
    );
  });

  it('is the same where it is linked already', () => {
    const context = linked(ROOT_CONTEXT);
    expect(linked(context)).toBe(context);
  });

  it('has one more value, also beneath a context of somebody else', () => {
    const [one, other] = [KEYS[0]!, KEYS[1]!];
    const context = withValue(ROOT_CONTEXT.setValue(one, 1), other, 2);
    expect([context.getValue(one), context.getValue(other)]).toEqual([1, 2]);
  });

  it('does not grow with each value: past some they are handed to the context beneath', () => {
    let handedOver = 0;
    const beneath: Context = {
      getValue: (key) => ROOT_CONTEXT.getValue(key),
      setValue: (key, value) => {
        handedOver += 1;
        return ROOT_CONTEXT.setValue(key, value);
      },
      deleteValue: () => beneath,
    };
    let context = linked(beneath);
    for (let step = 0; step < 100; step += 1) {
      context = context.setValue(KEYS[0]!, step);
    }
    expect(handedOver).toBe(1); // The next ones replace it in what that returned.
    expect(context.getValue(KEYS[0]!)).toBe(99);
  });
});
