import { collectorFiles, container, type Mistake, replaceIn } from './plant.js';

export const collector: readonly Mistake[] = [
  planted(
    'memory that is guarded too late',
    'processors: [memory_limiter, k8s_attributes]',
    'processors: [k8s_attributes, memory_limiter]',
    'the pipeline traces does not guard its memory first',
  ),
  planted(
    'sampling before a span has its names',
    'processors: [memory_limiter, k8s_attributes]',
    'processors: [memory_limiter, tail_sampling, k8s_attributes]',
    'the pipeline traces is not in the order memory_limiter, k8s_attributes, tail_sampling',
  ),
  planted(
    'a setting that is mistyped',
    'spike_limit_percentage',
    'spike_limit_percent',
    'the setting processors.memory_limiter.spike_limit_percent is not known',
  ),
  planted(
    'a setting of a list that is mistyped',
    'from: connection',
    'form: connection',
    'the setting processors.k8s_attributes.pod_association.sources.form is not known',
  ),
  planted(
    'an exporter that does not exist',
    'exporters: [otlp_grpc/tempo]',
    'exporters: [otlp/tempo]',
    'otlp/tempo is none of its exporters',
  ),
  planted(
    'an extension that is off',
    'extensions: [health_check]',
    'extensions: []',
    'health_check of its extensions is not used',
  ),
  planted(
    'metrics where Prometheus does not ask for them',
    '0.0.0.0:8889',
    '0.0.0.0:8888',
    'it listens on 0.0.0.0:8888, which its pod does not open',
  ),
  planted(
    'a probe that nobody answers',
    '0.0.0.0:13133',
    '0.0.0.0:4318',
    'its probe asks 0.0.0.0:13133, and it answers about itself on 0.0.0.0:4318',
  ),
  planted(
    'pods of every namespace',
    '    filter:\n      namespace: production\n',
    '',
    'k8s_attributes asks for the pods of every namespace',
  ),
  planted(
    'no queue for a Tempo that is away',
    /    sending_queue:\n(?: {6}.*\n)+/,
    '',
    'otlp_grpc/tempo has no queue',
  ),
  {
    of: 'a file that it is not told of',
    plant: (all) => delete container(all, 'observability/otel-collector').args,
    message: 'Deployment observability/otel-collector: it is not told of otel-collector.yaml',
  },
];

function planted(of: string, text: string | RegExp, by: string, message: string): Mistake {
  return {
    of,
    plant: (all) => replaceIn(collectorFiles(all), 'otel-collector.yaml', text, by),
    message: `Deployment observability/otel-collector: ${message}`,
  };
}
