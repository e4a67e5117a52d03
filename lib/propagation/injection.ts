import { type Context, type TextMapSetter, propagation } from '@opentelemetry/api';

/**
 * Has a context written into a carrier, as the propagator that is registered does it.
 *
 * @internal
 */
export type Inject = <Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>) => void;

/** @internal */
export const inject: Inject = (context, carrier, setter) => propagation.inject(context, carrier, setter);

/**
 * The same for messages that are sent together and carry the same context: what the propagator writes for that is asked for
 * once, and given to each.
 *
 * @internal
 */
export function injectOnce(): Inject {
  let last: { readonly context: Context; readonly written: readonly Written[] } | undefined;
  return (context, carrier, setter) => {
    if (last?.context !== context) {
      last = { context, written: writtenFor(context) };
    }
    for (const [name, value] of last.written) {
      setter.set(carrier, name, value);
    }
  };
}

type Written = readonly [name: string, value: string];

function writtenFor(context: Context): readonly Written[] {
  const written: Written[] = [];
  inject(context, written, { set: (all, name, value) => void all.push([name, value]) });
  return written;
}
