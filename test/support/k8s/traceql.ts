import { parser } from '@grafana/lezer-traceql';

/** Where a TraceQL query is not one: the rest of it, from each place that the grammar of Grafana's editor rejects. */
export function errorsIn(query: string): readonly string[] {
  const errors: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, from }) => {
      if (type.isError) errors.push(query.slice(from));
    },
  });
  return errors;
}

/** The attributes of spans that a query asks for. */
export function attributesIn(query: string): readonly string[] {
  return [...query.matchAll(/\bspan\.([\w.]+)/g)].map(([, name]) => name!);
}
