import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addressesOf } from '../support/k8s/addresses.js';
import { render } from '../support/k8s/render.js';

const manifests = render('sample/k8s/overlays/dev');

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

interface Collector {
  readonly receivers: object;
  readonly processors: {
    readonly k8s_attributes: { readonly filter: object; readonly extract: { metadata: string[] } };
  };
  readonly exporters: Readonly<
    Record<string, { readonly endpoint: string; readonly [setting: string]: unknown }>
  >;
  readonly extensions: Readonly<Record<string, { readonly endpoint: string }>>;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: { readonly traces: Pipeline; readonly metrics: Pipeline };
  };
}

interface Tempo {
  readonly server: { readonly http_listen_port: number };
  readonly distributor: { readonly receivers: { readonly otlp: { readonly protocols: object } } };
  readonly storage: { readonly trace: { readonly local: { path: string }; readonly wal: { path: string } } };
  readonly query_frontend: { readonly query_end_cutoff: string };
}

/** That the programs take them, no test here can say: the Collector would have to be built of its parts, and Tempo cannot be had. */
describe('the configuration of the Collector', () => {
  const collector = fileOf('otel-collector', 'otel-collector.yaml') as Collector;
  const { traces, metrics } = collector.service.pipelines;
  const used = (kind: keyof Pipeline): readonly string[] =>
    [...new Set([...traces[kind], ...metrics[kind]])].sort();

  it('uses every part of it, but for the sampling, which it shows', () => {
    expect(used('receivers')).toEqual(Object.keys(collector.receivers).sort());
    expect(used('exporters')).toEqual(Object.keys(collector.exporters).sort());
    expect([...used('processors'), 'tail_sampling']).toEqual(Object.keys(collector.processors).sort());
    expect(collector.service.extensions).toEqual(Object.keys(collector.extensions));
  });

  it('guards its memory before anything else', () => {
    for (const { processors } of [traces, metrics]) expect(processors[0]).toBe('memory_limiter');
  });

  it('keeps spans for a Tempo that is away, and tries again', () => {
    expect(collector.exporters['otlp_grpc/tempo']).toMatchObject({
      retry_on_failure: { max_elapsed_time: '10m' },
      sending_queue: { queue_size: 1000, batch: { min_size: 1000 } },
    });
  });

  it('sends spans by gRPC to where Tempo takes that, and has metrics where Prometheus asks for them', () => {
    const tempo = fileOf('tempo', 'tempo-config.yaml') as Tempo;
    expect(collector.exporters['otlp_grpc/tempo']?.endpoint).toBe(
      'tempo.observability.svc.cluster.local:4317',
    );
    expect(tempo.distributor.receivers.otlp.protocols).toEqual({ grpc: { endpoint: '0.0.0.0:4317' } });
    expect(collector.exporters['prometheus']?.endpoint).toBe('0.0.0.0:8889');
    expect(addressesOf(manifests, manifests.workload('observability/prometheus'))).toEqual([
      { host: 'otel-collector.observability.svc.cluster.local', port: 8889 },
    ]);
  });

  it('is probed where it answers about itself', () => {
    const { livenessProbe, ports } = containerOf('otel-collector');
    const port = ports?.find(({ name }) => name === livenessProbe?.httpGet?.port)?.containerPort;
    expect(collector.extensions['health_check']?.endpoint).toBe(`0.0.0.0:${port}`);
  });

  it('asks Kubernetes for what its role lets it see, in the namespace of the services alone', () => {
    const { filter, extract } = collector.processors.k8s_attributes;
    expect(filter).toEqual({ namespace: 'production' });
    const { rules } = manifests.get('Role', 'production/otel-collector');
    const seen = rules.filter(({ verbs }) => ['get', 'list', 'watch'].every((verb) => verbs.includes(verb)));
    const resources = seen.flatMap(({ resources = [] }) => resources);
    // A deployment is known by the replica sets of its pods.
    const needed = extract.metadata.some((name) => name.startsWith('k8s.deployment'))
      ? ['pods', 'replicasets']
      : ['pods'];
    expect(resources).toEqual(needed);
    expect(manifests.ofKind('ClusterRole')).toEqual([]);
    expect(manifests.workload('observability/otel-collector').spec.template.spec.serviceAccountName).toBe(
      'otel-collector',
    );
  });
});

describe('the configuration of Tempo', () => {
  const tempo = fileOf('tempo', 'tempo-config.yaml') as Tempo;
  const { volumeMounts = [], ports = [] } = containerOf('tempo');

  it('listens where its Service leads', () => {
    expect(ports.map(({ containerPort }) => containerPort)).toEqual([tempo.server.http_listen_port, 4317]);
  });

  it('keeps everything in its volume', () => {
    const data = volumeMounts.find(({ name }) => name === 'data')?.mountPath;
    const { local, wal } = tempo.storage.trace;
    expect([local.path, wal.path].filter((path) => !path.startsWith(`${data}/`))).toEqual([]);
  });

  it('shows in a search what has only just come', () => {
    expect(tempo.query_frontend.query_end_cutoff).toBe('0s');
  });
});

describe('the configuration of Grafana', () => {
  it('has the data sources that the dashboard asks', () => {
    const { datasources } = fileOf('grafana', 'datasources.yaml') as {
      readonly datasources: readonly { uid: string; type: string }[];
    };
    expect(datasources.map(({ uid, type }) => [uid, type])).toEqual([
      ['tempo', 'tempo'],
      ['prometheus', 'prometheus'],
    ]);
  });
});

function containerOf(name: string) {
  return manifests.workload(`observability/${name}`).spec.template.spec.containers[0]!;
}

/** A file that a workload has mounted. */
function fileOf(workload: string, file: string): unknown {
  const { volumes = [] } = manifests.workload(`observability/${workload}`).spec.template.spec;
  const mounted = volumes
    .map(({ configMap }) => manifests.find('ConfigMap', 'observability', configMap?.name)?.data?.[file])
    .find((content) => content !== undefined);
  if (mounted === undefined) throw new Error(`${workload} has no file ${file}`);
  return parse(mounted) as unknown;
}
