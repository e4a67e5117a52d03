import { readFileSync } from 'node:fs';

interface Link {
  readonly title: string;
  readonly url: string;
}

export interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly fieldConfig: { readonly defaults: { readonly links?: readonly Link[] } };
  readonly targets: readonly { readonly expr?: string; readonly query?: string }[];
  readonly links?: readonly Link[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly current: { readonly value: string } }[];
  };
}

export const DASHBOARD_FILE = 'sample/k8s/base/observability/grafana/kafka-dashboard.json';

function dashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as Dashboard;
}

export function panels(): readonly Panel[] {
  return dashboard().panels;
}

/** One pane of Grafana's Explore, as a link opens it. */
interface ExplorePane {
  readonly datasource: string;
  readonly queries: readonly { readonly queryType: string; readonly query: string }[];
  readonly range: { readonly from: string; readonly to: string };
}

/** What a link opens, with its variables as they are. */
function paneOf(link: string): ExplorePane {
  const panes = new URL(link, 'http://grafana.example').searchParams.get('panes');
  return Object.values(JSON.parse(panes ?? '{}') as Record<string, ExplorePane>)[0]!;
}

/** What stands at a point that is clicked on. */
export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Puts values in the place of variables, as Grafana does: those of the dashboard and of the point.
 *
 * @throws Error where it has none of that name.
 * @see https://grafana.com/docs/grafana/latest/panels-visualizations/configure-data-links/
 */
export function followed(link: string, { labels, value }: Point): ExplorePane {
  const values: Record<string, string> = {
    __from: '1700000000000',
    __to: '1700003600000',
    '__value.raw': String(value),
    ...Object.fromEntries(dashboard().templating.list.map(({ name, current }) => [name, current.value])),
    ...Object.fromEntries(Object.entries(labels).map(([name, label]) => [`__field.labels.${name}`, label])),
  };
  return paneOf(
    link.replaceAll(/\$\{([\w.]+)(:percentencode)?\}/g, (_, name: string, format?: string) => {
      const found = values[name];
      if (found === undefined) throw new Error(`There is no ${name}`);
      return format ? encodeURIComponent(found) : found;
    }),
  );
}

/** Every TraceQL query of the dashboard: of its own panels, and of the links of its panels and of a point in them. */
export function traceqlOfDashboard(): readonly string[] {
  return panels().flatMap(({ targets, links = [], fieldConfig: { defaults } }) => [
    ...targets.flatMap(({ query }) => query ?? []),
    ...[...links, ...(defaults.links ?? [])].flatMap(({ url }) =>
      followed(url, pointOf(targets)).queries.map(({ query }) => query),
    ),
  ]);
}

/** One of a series that the queries make, with a label for each that they group by. */
export function pointOf(targets: Panel['targets']): Point {
  const grouped = targets.flatMap(({ expr = '' }) => [...expr.matchAll(/by \(([\w, ]+)\)/g)]);
  const names = grouped.flatMap(([, list = '']) => list.split(', ')).filter((name) => name !== 'le');
  return { labels: Object.fromEntries(names.map((name) => [name, `${name} & more`])), value: 0.0425 };
}
