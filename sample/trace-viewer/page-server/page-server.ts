import { answerJson } from '../http/answers.js';
import { RefusalError } from '../http/refusal.error.js';
import type { Routes } from '../http/route.js';
import { joinedTraces } from '../model/joined-traces.js';
import type { LagStore } from '../model/lag-store.js';
import type { TraceStore } from '../model/trace-store.js';
import type { Waterfall } from '../page/page-api.js';
import { lagSeriesOf } from './lag-series.js';
import { LiveEvents } from './live-events.js';
import { pageFiles } from './page-files.js';
import { TraceSummaries } from './trace-summaries.js';
import { waterfallOf } from './waterfall-of.js';

export interface PageServerOptions {
  readonly store: TraceStore;
  readonly lag: LagStore;
  /** Of the built page. */
  readonly folder: string | undefined;
}

/** The page and what it asks for; `page/page-api.ts` says what that looks like. */
export class PageServer {
  readonly routes: Routes;
  readonly #store: TraceStore;
  readonly #summaries: TraceSummaries;
  readonly #live: LiveEvents;

  constructor({ store, lag, folder }: PageServerOptions) {
    this.#store = store;
    this.#summaries = new TraceSummaries(store);
    this.#live = new LiveEvents(this.#summaries, lag);
    this.routes = {
      ...pageFiles(folder),
      'GET /api/traces': (_request, response) => answerJson(response, this.#summaries.all()),
      'GET /api/traces/:traceId': (_request, response, { traceId = '' }) =>
        answerJson(response, this.#waterfall(traceId)),
      'GET /api/lag': (_request, response) => answerJson(response, lagSeriesOf(lag)),
      'GET /api/events': (_request, response) => this.#live.add(response),
      // The runner of the sample has a route of its own for this. A 404 would be an error in every browser's console.
      'GET /api/sample': (_request, response) => void response.writeHead(204).end(),
    };
  }

  /** Ends the connections of all pages. */
  stop(): void {
    this.#live.stop();
    this.#summaries.stop();
  }

  #waterfall(traceId: string): Waterfall {
    const joined = joinedTraces(this.#store, traceId);
    if (!joined) throw new RefusalError(404, `There is no trace ${traceId.slice(0, 32)}, or not any more`);
    const summaries = joined.traces.map((trace) => this.#summaries.of(trace.traceId));
    return waterfallOf(
      joined,
      summaries.filter((summary) => summary !== undefined),
      this.#store,
    );
  }
}
