import type { ServerResponse } from 'node:http';
import type { LagStore } from '../model/lag-store.js';
import type { TracesEvent } from '../page/page-api.js';
import { lagSeriesOf } from './lag-series.js';
import type { TraceSummaries } from './trace-summaries.js';

/** Spans arrive in bursts, and nobody sees more than a few changes in a second. */
const COLLECT_MS = 200;
/** Something has to be sent now and then, else neither side notices that the other is gone. */
const HEARTBEAT_MS = 15_000;

interface Listener {
  readonly response: ServerResponse;
  /** What this page has been told of and may have to be told is gone. */
  readonly told: Set<string>;
  /** What it has to be told of: only what is held or was told, however long the page does not read. */
  readonly changed: Set<string>;
  lagHasChanged: boolean;
  waitsForDrain: boolean;
}

/**
 * Tells pages what has changed, as server-sent events. A page that reads too slowly gets less, and not later: what has changed
 * meanwhile is a set of names, and is sent as it is then.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class LiveEvents {
  readonly #listeners = new Set<Listener>();
  readonly #ends: readonly (() => void)[];
  #timer: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(
    private readonly summaries: TraceSummaries,
    private readonly lag: LagStore,
  ) {
    this.#ends = [
      summaries.onChange((traceIds) => {
        for (const listener of this.#listeners) traceIds.forEach((traceId) => this.#note(listener, traceId));
        this.#soon();
      }),
      lag.onArrival(() => {
        for (const listener of this.#listeners) listener.lagHasChanged = true;
        this.#soon();
      }),
    ];
    this.#heartbeat = setInterval(() => this.#each(({ response }) => response.write(':\n\n')), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Everything first, and then what changes, until the page is closed. */
  add(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const all = this.summaries.all();
    const told = new Set(all.map(({ traceId }) => traceId));
    const listener: Listener = {
      response,
      told,
      changed: new Set(),
      lagHasChanged: true,
      waitsForDrain: false,
    };
    send(response, 'traces', { changed: all, removed: [] } satisfies TracesEvent);
    this.#listeners.add(listener);
    response.on('close', () => this.#listeners.delete(listener));
    this.#soon();
  }

  stop(): void {
    this.#ends.forEach((end) => end());
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #soon(): void {
    if (this.#listeners.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#each((listener) => this.#update(listener));
    }, COLLECT_MS);
  }

  #each(tell: (listener: Listener) => void): void {
    for (const listener of this.#listeners) {
      if (listener.response.writableNeedDrain) this.#tellOnceRead(listener);
      else tell(listener);
    }
  }

  #tellOnceRead(listener: Listener): void {
    if (listener.waitsForDrain) return;
    listener.waitsForDrain = true;
    listener.response.once('drain', () => {
      listener.waitsForDrain = false;
      this.#soon();
    });
  }

  #note({ told, changed }: Listener, traceId: string): void {
    if (told.has(traceId) || this.summaries.has(traceId)) changed.add(traceId);
    else changed.delete(traceId);
  }

  #update(listener: Listener): void {
    const { response, told, changed } = listener;
    const summaries = [...changed].map((traceId) => this.summaries.of(traceId));
    const event: TracesEvent = {
      changed: summaries.filter((summary) => summary !== undefined),
      removed: [...changed].filter((traceId, index) => !summaries[index] && told.has(traceId)),
    };
    changed.clear();
    event.removed.forEach((traceId) => told.delete(traceId));
    event.changed.forEach(({ traceId }) => told.add(traceId));
    if (event.changed.length > 0 || event.removed.length > 0) send(response, 'traces', event);
    if (listener.lagHasChanged) send(response, 'lag', lagSeriesOf(this.lag));
    listener.lagHasChanged = false;
  }
}

function send(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
