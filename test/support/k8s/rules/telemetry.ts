import { parse } from 'yaml';
import { serviceAt } from '../addresses.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** @see https://opentelemetry.io/docs/specs/otlp/ */
const PROTOCOLS: Readonly<Record<string, readonly string[]>> = {
  4317: ['grpc'],
  4318: ['http/protobuf', 'http/json'],
};
const DEFAULT_PROTOCOL = 'http/protobuf';

interface Receivers {
  readonly receivers?: {
    readonly otlp?: { readonly protocols?: Readonly<Record<string, { endpoint?: string }>> };
  };
}

/** Spans are sent by the protocol of the port that they are sent to, and to whom takes it there. */
export const telemetry: Rule = (manifests) =>
  manifests.workloads.flatMap((workload) =>
    containersOf(workload).flatMap((container) => {
      const variables = environmentOf(manifests, workload, container);
      const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol } = variables;
      if (endpoint === undefined) return [];
      return ofEndpoint(manifests, new URL(endpoint), protocol ?? DEFAULT_PROTOCOL).map(
        (mistake) => `${idOf(workload)} sends ${protocol ?? DEFAULT_PROTOCOL} to ${endpoint}, ${mistake}`,
      );
    }),
  );

function ofEndpoint(
  manifests: Manifests,
  { protocol: scheme, hostname, port, pathname }: URL,
  protocol: string,
): readonly string[] {
  if (scheme !== 'http:') return ['where nobody speaks TLS'];
  if (pathname !== '/') return [`and ${pathname} is put before the SDK's own /v1/traces`];
  if (!PROTOCOLS[port]?.includes(protocol))
    return [`which is the port of ${PROTOCOLS[port]?.[0] ?? 'nothing'}`];
  const service = serviceAt(manifests, hostname);
  const [receiver] = manifests.selected(service?.metadata.namespace, {
    matchLabels: service?.spec.selector ?? {},
  });
  const listens = receiver && listensTo(manifests, receiver);
  return listens?.[protocol.split('/')[0]!]?.endpoint === `0.0.0.0:${port}` ? [] : ['where nobody takes it'];
}

function listensTo(manifests: Manifests, { metadata, spec }: Workload) {
  const [configMap] = (spec.template.spec.volumes ?? []).flatMap(({ configMap }) => configMap ?? []);
  const { data = {} } = manifests.find('ConfigMap', metadata.namespace, configMap?.name) ?? {};
  return (parse(Object.values(data)[0] ?? '') as Receivers | null)?.receivers?.otlp?.protocols;
}
