import { setTimeout as delay } from 'node:timers/promises';
import { type LiveObjects, liveObjects } from './live-objects.js';

/** What the process holds while no message is under way. */
export interface Checkpoint {
  /** How many messages were sent and settled by then. */
  readonly messages: number;
  readonly heapBytes: number;
  /** Of buffers, outside the heap. */
  readonly externalBytes: number;
  readonly live: LiveObjects;
  /** Timers, sockets and requests that keep the process alive, by their kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly openSpans: number;
}

// The SDK's timers, and those of requests that were answered, run out in the meantime; V8 finalizes in turns of its own.
const SETTLING_MS = 100;

export async function takeCheckpoint(messages: number, openSpans: number): Promise<Checkpoint> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('Expected node to be started with --expose-gc');
  collect();
  await delay(SETTLING_MS);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    messages,
    heapBytes: heapUsed,
    externalBytes: external,
    live: liveObjects(),
    resources,
    openSpans,
  };
}

/** Keeps checkpoints outside the heap, which they would else make grow. */
export class CheckpointLog {
  readonly #written = Buffer.alloc(1024 * 1024);
  #end = 0;

  add(checkpoint: Checkpoint): void {
    this.#end += this.#written.write(`${JSON.stringify(checkpoint)}\n`, this.#end);
  }

  all(): readonly Checkpoint[] {
    const lines = this.#written.toString('utf8', 0, this.#end).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Checkpoint);
  }
}
