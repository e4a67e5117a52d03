import { Session } from 'node:inspector';

/** What lives in this process, whoever holds it. */
export interface LiveObjects {
  /** How many there are of each class, by its name; functions among them. */
  readonly byClass: Readonly<Record<string, number>>;
  /** In all Maps and in all Sets together. */
  readonly entries: number;
  /** Of all EventEmitters together: kafkajs keeps its own in closures, where nothing else reaches them. */
  readonly listeners: number;
}

/** Runs in V8, over an array of everything that inherits from `Object.prototype`. */
const COUNT = String(function count(this: readonly object[]) {
  const byClass: Record<string, number> = Object.create(null) as Record<string, number>;
  let entries = 0;
  let listeners = 0;
  for (const one of this) {
    try {
      const prototype = Object.getPrototypeOf(one) as { readonly constructor?: { readonly name?: unknown } };
      const name = String(prototype?.constructor?.name);
      byClass[name] = (byClass[name] ?? 0) + 1;
      if (one instanceof Map || one instanceof Set) entries += one.size;
      const { eventNames, listenerCount } = one as Partial<NodeJS.EventEmitter>;
      if (typeof eventNames === 'function' && typeof listenerCount === 'function') {
        for (const event of eventNames.call(one)) listeners += listenerCount.call(one, event);
      }
    } catch {
      // A prototype, whose accessors refuse it, or a Proxy.
    }
  }
  return { byClass, entries, listeners };
});

/**
 * Asks V8, through its inspector, for every object that lives after a full garbage collection. Unlike a snapshot that costs
 * no file, and unlike wrapping constructors it changes nothing of what is measured.
 */
export function liveObjects(): LiveObjects {
  const session = new Session();
  session.connect();
  try {
    const { objectId: prototypeObjectId } = post<{ result: { objectId: string } }>(
      session,
      'Runtime.evaluate',
      {
        expression: 'Object.prototype',
      },
    ).result;
    const { objectId } = post<{ objects: { objectId: string } }>(session, 'Runtime.queryObjects', {
      prototypeObjectId,
    }).objects;
    return post<{ result: { value: LiveObjects } }>(session, 'Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: COUNT,
      returnByValue: true,
    }).result.value;
  } finally {
    session.disconnect(); // It would hold all that it has found.
  }
}

/** To this very thread, which answers before it returns. */
function post<T>(session: Session, method: string, parameters: object): T {
  let answer: { readonly error: Error | null; readonly result?: object } | undefined;
  session.post(method, parameters, (error, result) => {
    answer = { error, ...(result === undefined ? {} : { result }) };
  });
  if (answer?.result === undefined) throw answer?.error ?? new Error(`${method} was not answered.`);
  return answer.result as T;
}
