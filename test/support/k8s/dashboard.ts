import { readFileSync } from 'node:fs';

export interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr?: string; readonly query?: string }[];
  readonly links?: readonly { readonly url: string }[];
}

export const DASHBOARD_FILE = 'sample/k8s/base/observability/grafana/kafka-dashboard.json';

export function panels(): readonly Panel[] {
  return (JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as { readonly panels: readonly Panel[] }).panels;
}

/** One pane of Grafana's Explore, as a link opens it. */
export interface ExplorePane {
  readonly datasource: string;
  readonly queries: readonly { readonly queryType: string; readonly query: string }[];
  readonly range: { readonly from: string; readonly to: string };
}

export function paneOf(link: string): ExplorePane {
  const panes = new URL(link, 'http://grafana.example').searchParams.get('panes');
  return Object.values(JSON.parse(panes ?? '{}') as Record<string, ExplorePane>)[0]!;
}

/** Every TraceQL query of the dashboard, of its own panels and of its links. */
export function traceqlOfDashboard(): readonly string[] {
  return panels().flatMap(({ targets, links = [] }) => [
    ...targets.flatMap(({ query }) => query ?? []),
    ...links.flatMap(({ url }) => paneOf(url).queries.map(({ query }) => query)),
  ]);
}
