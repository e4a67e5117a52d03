/** What the page shows, as its address says: a reload, a bookmark and the back button lead to the same. */
export interface Route {
  readonly traceId?: string;
  readonly spanId?: string;
}

export function readRoute(hash: string): Route {
  const match = /^#\/trace\/([\da-f]{32})(?:\/span\/([\da-f]{16}))?$/.exec(hash);
  if (!match) return {};
  const [, traceId, spanId] = match as unknown as [string, string, string?];
  return spanId ? { traceId, spanId } : { traceId };
}

export function hashOf({ traceId, spanId }: Route): string {
  if (!traceId) return '#/';
  return spanId ? `#/trace/${traceId}/span/${spanId}` : `#/trace/${traceId}`;
}
