import { describe, expect, it } from 'vitest';
import { addressesOf } from '../support/k8s/addresses.js';
import { mountedFile } from '../support/k8s/mounted-file.js';
import { render } from '../support/k8s/render.js';

const manifests = render('sample/k8s/overlays/dev');

/**
 * What is right of itself; what has to fit together are rules (rules/collector.ts, rules/tempo.ts). That the programs take
 * their files, no test here can say: the Collector would have to be built of its parts, and Tempo cannot be had.
 */
describe('the configuration of', () => {
  it('the Collector shows how to sample, and does not', () => {
    expect(fileOf('otel-collector', 'otel-collector.yaml')).toMatchObject({
      processors: {
        tail_sampling: {
          policies: [{ type: 'status_code' }, { type: 'latency' }, { type: 'probabilistic' }],
        },
      },
      service: {
        pipelines: {
          traces: { processors: ['memory_limiter', 'k8s_attributes'] },
          metrics: { processors: ['memory_limiter', 'k8s_attributes'] },
        },
      },
    });
  });

  it('the Collector keeps spans for a Tempo that is away, and tries again', () => {
    expect(fileOf('otel-collector', 'otel-collector.yaml')).toMatchObject({
      exporters: {
        'otlp_grpc/tempo': {
          retry_on_failure: { max_elapsed_time: '10m' },
          sending_queue: { queue_size: 1000, batch: { min_size: 1000 } },
        },
      },
    });
  });

  it('the Collector sends spans to Tempo by gRPC, and Prometheus asks it for metrics', () => {
    expect(fileOf('otel-collector', 'otel-collector.yaml')).toMatchObject({
      exporters: {
        'otlp_grpc/tempo': { endpoint: 'tempo.observability.svc.cluster.local:4317' },
        prometheus: { endpoint: '0.0.0.0:8889' },
      },
    });
    expect(fileOf('tempo', 'tempo-config.yaml')).toMatchObject({
      distributor: { receivers: { otlp: { protocols: { grpc: { endpoint: '0.0.0.0:4317' } } } } },
    });
    expect(addressesOf(manifests, manifests.workload('observability/prometheus'))).toEqual([
      { host: 'otel-collector.observability.svc.cluster.local', port: 8889 },
    ]);
  });

  it('the Collector asks Kubernetes for pods of the services alone, and may ask for nothing else', () => {
    expect(fileOf('otel-collector', 'otel-collector.yaml')).toMatchObject({
      processors: { k8s_attributes: { filter: { namespace: 'production' } } },
    });
    expect(manifests.get('Role', 'production/otel-collector').rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
    ]);
    const { serviceAccountName } = manifests.workload('observability/otel-collector').spec.template.spec;
    expect(serviceAccountName).toBe('otel-collector');
  });

  it('Tempo shows in a search what has only just come', () => {
    expect(fileOf('tempo', 'tempo-config.yaml')).toMatchObject({
      query_frontend: { query_end_cutoff: '0s' },
    });
  });

  it('Grafana has the data sources that the dashboard asks', () => {
    expect(fileOf('grafana', 'datasources.yaml')).toMatchObject({
      datasources: [
        { uid: 'tempo', type: 'tempo' },
        { uid: 'prometheus', type: 'prometheus' },
      ],
    });
  });

  it('no role is one of the whole cluster', () => {
    expect(manifests.ofKind('ClusterRole')).toEqual([]);
  });
});

function fileOf(workload: string, file: string): unknown {
  return mountedFile(manifests, manifests.workload(`observability/${workload}`), file);
}
