import type { LagSeries, TracesEvent } from '../page-api.js';

export interface LiveEventsListener {
  /** `everything`: what was known before counts no more, since the connection is a new one. */
  onTraces(event: TracesEvent, everything: boolean): void;
  onLag(series: readonly LagSeries[]): void;
  onConnection(state: 'live' | 'connecting'): void;
}

const RETRY_MS = 2000;

/** Listens to `GET /api/events`, for as long as the page is open. */
export function listenToEvents(listener: LiveEventsListener): void {
  const source = new EventSource('/api/events');
  let first = true;
  source.addEventListener('open', () => {
    first = true;
    listener.onConnection('live');
  });
  source.addEventListener('traces', ({ data }: MessageEvent<string>) => {
    listener.onTraces(JSON.parse(data) as TracesEvent, first);
    first = false;
  });
  source.addEventListener('lag', ({ data }: MessageEvent<string>) => {
    listener.onLag(JSON.parse(data) as LagSeries[]);
  });
  source.addEventListener('error', () => {
    listener.onConnection('connecting');
    // The browser connects again by itself, unless it was refused: a server that is just starting may do that.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listenToEvents(listener), RETRY_MS);
  });
}
