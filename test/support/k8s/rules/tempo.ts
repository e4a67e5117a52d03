import { containersOf, type Workload } from '../manifests.js';
import { isListeningPort, type Keys, mistakesOfFile } from '../mounted-file.js';
import type { Rule } from './rule.js';

interface TempoFile {
  readonly server: { readonly http_listen_port: number };
  readonly distributor: {
    readonly receivers: {
      readonly otlp: { readonly protocols: Readonly<Record<string, { endpoint?: string }>> };
    };
  };
  readonly storage: { readonly trace: { readonly local: { path: string }; readonly wal: { path: string } } };
}

/** As the documentation of Tempo 3.0 has them: no Tempo can be had here to take them. */
const KEYS: Keys = {
  server: { http_listen_port: true },
  distributor: { receivers: { otlp: { protocols: { grpc: { endpoint: true } } } } },
  storage: { trace: { backend: true, local: { path: true }, wal: { path: true } } },
  query_frontend: { query_end_cutoff: true },
  usage_report: { reporting_enabled: true },
};

/** Tempo's file has settings that there are, listens where its pod does, and keeps everything in a volume that stays. */
export const tempo: Rule = (manifests) =>
  mistakesOfFile(manifests, 'tempo-config.yaml', KEYS, (file: TempoFile, workload) => [
    ...endpoints(workload, file),
    ...paths(workload, file),
  ]);

function endpoints(workload: Workload, { server, distributor }: TempoFile): readonly string[] {
  const received = Object.values(distributor.receivers.otlp.protocols).map(({ endpoint }) => endpoint);
  return [`0.0.0.0:${server.http_listen_port}`, ...received]
    .filter((endpoint) => !isListeningPort(workload, endpoint))
    .map((endpoint) => `it listens on ${endpoint}, which its pod does not open`);
}

function paths(workload: Workload, { storage }: TempoFile): readonly string[] {
  const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
  const mounts = containersOf(workload)
    .flatMap(({ volumeMounts = [] }) => volumeMounts)
    .filter(({ name }) => claims.includes(name));
  return [storage.trace.local.path, storage.trace.wal.path]
    .filter((path) => !mounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)))
    .map((path) => `it keeps traces in ${path}, which is in no volume that stays`);
}
