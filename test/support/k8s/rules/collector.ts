import { type Manifests, probesOf, portNumber, type Workload } from '../manifests.js';
import { isListeningPort, type Keys, mistakesOfFile } from '../mounted-file.js';
import type { Rule } from './rule.js';

type Pipeline = Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>;

interface Exporter {
  readonly endpoint?: string;
  readonly retry_on_failure?: object;
  readonly sending_queue?: object;
}

interface CollectorFile {
  readonly receivers: {
    readonly otlp?: { readonly protocols: Readonly<Record<string, { endpoint?: string }>> };
  };
  readonly processors: {
    readonly k8s_attributes?: {
      readonly filter?: { readonly namespace?: string };
      readonly extract?: { readonly metadata?: readonly string[] };
    };
  };
  readonly exporters: Readonly<Record<string, Exporter>>;
  readonly extensions: { readonly health_check?: { readonly endpoint?: string } };
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
}

/** A Collector 0.155.0 took them, by hand (sample/k8s/README.md): whoever adds one lets it say that it does. */
const KEYS: Keys = {
  receivers: { otlp: { protocols: { http: { endpoint: true } } } },
  processors: {
    memory_limiter: { check_interval: true, limit_percentage: true, spike_limit_percentage: true },
    k8s_attributes: {
      auth_type: true,
      filter: { namespace: true },
      extract: { metadata: true },
      pod_association: { sources: { from: true, name: true } },
    },
    tail_sampling: {
      decision_wait: true,
      policies: {
        name: true,
        type: true,
        status_code: { status_codes: true },
        latency: { threshold_ms: true },
        probabilistic: { sampling_percentage: true },
      },
    },
  },
  exporters: {
    'otlp_grpc/tempo': {
      endpoint: true,
      tls: { insecure: true },
      retry_on_failure: { initial_interval: true, max_interval: true, max_elapsed_time: true },
      sending_queue: { queue_size: true, batch: { flush_timeout: true, min_size: true } },
    },
    prometheus: { endpoint: true },
  },
  extensions: { health_check: { endpoint: true } },
  service: {
    extensions: true,
    pipelines: { '*': { receivers: true, processors: true, exporters: true } },
  },
};

const API_GROUPS: Readonly<Record<string, string>> = { pods: '', replicasets: 'apps' };

/** Shown, and off. */
const UNUSED = 'tail_sampling';
/** Before it is done, a span has no names of Kubernetes, and nothing is to be sampled. */
const ORDER = ['memory_limiter', 'k8s_attributes', 'tail_sampling'];

/** The Collector's file has settings that there are, uses what it declares, in the right order, and may ask for what it adds. */
export const collector: Rule = (manifests) =>
  mistakesOfFile(manifests, 'otel-collector.yaml', KEYS, (file: CollectorFile, workload) => [
    ...declarations(file),
    ...Object.entries(file.service.pipelines).flatMap(([name, pipeline]) => order(name, pipeline)),
    ...endpoints(workload, file),
    ...exporters(file),
    ...attributes(manifests, workload, file),
  ]);

function declarations(file: CollectorFile): readonly string[] {
  const pipelines = Object.values(file.service.pipelines);
  return (['receivers', 'processors', 'exporters', 'extensions'] as const).flatMap((kind) => {
    const used = kind === 'extensions' ? file.service.extensions : pipelines.flatMap((one) => one[kind]);
    const declared = Object.keys(file[kind]);
    return [
      ...used.filter((name) => !declared.includes(name)).map((name) => `${name} is none of its ${kind}`),
      ...declared
        .filter((name) => !used.includes(name) && name !== UNUSED)
        .map((name) => `${name} of its ${kind} is not used`),
    ];
  });
}

function order(name: string, { processors }: Pipeline): readonly string[] {
  const right = ORDER.filter((processor) => processors.includes(processor));
  if (processors[0] !== ORDER[0]) return [`the pipeline ${name} does not guard its memory first`];
  return processors.join() === right.join()
    ? []
    : [`the pipeline ${name} is not in the order ${right.join(', ')}`];
}

/** Where it listens, its pod does, and its probes ask where it answers about itself. */
function endpoints(
  workload: Workload,
  { receivers, exporters, extensions }: CollectorFile,
): readonly string[] {
  const health = extensions.health_check?.endpoint;
  const all = [
    ...Object.values(receivers.otlp?.protocols ?? {}).map(({ endpoint }) => endpoint),
    exporters['prometheus']?.endpoint,
    health,
  ];
  const probed = workload.spec.template.spec.containers
    .flatMap(probesOf)
    .map(({ httpGet }) => `0.0.0.0:${portNumber(workload, httpGet?.port ?? '')}`);
  return [
    ...all
      .filter((endpoint) => !isListeningPort(workload, endpoint))
      .map((endpoint) => `it listens on ${endpoint}, which its pod does not open`),
    ...probed
      .filter((endpoint) => endpoint !== health)
      .map((endpoint) => `its probe asks ${endpoint}, and it answers about itself on ${health}`),
  ];
}

/** What is sent on is kept for whoever is away. */
function exporters({ exporters }: CollectorFile): readonly string[] {
  return Object.entries(exporters)
    .filter(([name]) => name !== 'prometheus')
    .flatMap(([name, { retry_on_failure, sending_queue }]) => [
      ...(retry_on_failure ? [] : [`${name} does not try again`]),
      ...(sending_queue ? [] : [`${name} has no queue`]),
    ]);
}

/** A deployment is known by the replica sets of its pods. A role is enough where it asks for one namespace. */
function attributes(
  manifests: Manifests,
  workload: Workload,
  { processors: { k8s_attributes } }: CollectorFile,
): readonly string[] {
  if (!k8s_attributes) return [];
  const { filter: { namespace } = {}, extract: { metadata = [] } = {} } = k8s_attributes;
  if (namespace === undefined) return ['k8s_attributes asks for the pods of every namespace'];
  const hasDeployments = metadata.some((name) => name.startsWith('k8s.deployment'));
  const allowed = allowedIn(manifests, namespace, workload);
  return ['pods', ...(hasDeployments ? ['replicasets'] : [])]
    .filter((resource) => !allowed.has(resource))
    .map((resource) => `k8s_attributes asks for ${resource} of ${namespace}, and no role allows it`);
}

/** The resources that a workload may watch. */
function allowedIn(
  manifests: Manifests,
  namespace: string,
  { metadata, spec }: Workload,
): ReadonlySet<string> {
  const { serviceAccountName } = spec.template.spec;
  const rules = manifests
    .ofKind('RoleBinding')
    .filter(
      ({ metadata: { namespace: of }, subjects = [] }) =>
        of === namespace &&
        subjects.some(
          (subject) => subject.name === serviceAccountName && subject.namespace === metadata.namespace,
        ),
    )
    .flatMap(({ roleRef }) => manifests.find('Role', namespace, roleRef.name)?.rules ?? []);
  const watched = rules.filter(({ verbs }) => ['get', 'list', 'watch'].every((verb) => verbs.includes(verb)));
  return new Set(
    watched.flatMap(({ apiGroups = [], resources = [] }) =>
      resources.filter((resource) => apiGroups.includes(API_GROUPS[resource] ?? '')),
    ),
  );
}
