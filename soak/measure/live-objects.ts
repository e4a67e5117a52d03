import { type Runtime, Session } from 'node:inspector';

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
    const { result: prototype } = answer<Runtime.EvaluateReturnType>((done) =>
      session.post('Runtime.evaluate', { expression: 'Object.prototype' }, done),
    );
    const { objects } = answer<Runtime.QueryObjectsReturnType>((done) =>
      session.post('Runtime.queryObjects', { prototypeObjectId: idOf(prototype) }, done),
    );
    const { result: counted } = answer<Runtime.CallFunctionOnReturnType>((done) =>
      session.post(
        'Runtime.callFunctionOn',
        { objectId: idOf(objects), functionDeclaration: COUNT, returnByValue: true },
        done,
      ),
    );
    return counted.value as LiveObjects;
  } finally {
    session.disconnect(); // It would hold all that it has found.
  }
}

/** A session with its own thread answers before it returns. */
function answer<T>(ask: (done: (error: Error | null, result: T) => void) => void): T {
  let given: { readonly error: Error | null; readonly result: T } | undefined;
  ask((error, result) => {
    given = { error, result };
  });
  if (given === undefined) throw new Error('The inspector did not answer.');
  if (given.error !== null) throw given.error;
  return given.result;
}

function idOf({ objectId }: Runtime.RemoteObject): string {
  if (objectId === undefined) throw new Error('The inspector gave no object.');
  return objectId;
}
