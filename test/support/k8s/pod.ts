import type { V1Container } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { SampleService } from '../sample-service.js';
import { environmentOf } from './environment-of.js';
import type { Manifests, Workload } from './manifests.js';
import type { ServiceName } from './services.js';

const RECORDER = fileURLToPath(new URL('record-environment-reads.mjs', import.meta.url));

/** What takes the place of the addresses that are known in the cluster only. */
export interface Addresses {
  readonly brokers: string;
  readonly databaseUrl: string;
  readonly collectorUrl: string;
}

/** A service as the process that its pod would have: its command and its variables, as process 1, with nothing to write. */
export class Pod {
  readonly container: V1Container;
  readonly environment: Readonly<Record<string, string>>;
  readonly process: SampleService;

  static start(manifests: Manifests, name: ServiceName, addresses: Addresses): Pod {
    return new Pod(manifests, manifests.workload(`production/${name}`), name, addresses);
  }

  private constructor(
    manifests: Manifests,
    readonly workload: Workload,
    name: ServiceName,
    addresses: Addresses,
  ) {
    this.container = workload.spec.template.spec.containers[0]!;
    this.environment = environmentOf(manifests, workload, this.container);
    const [, ...nodeArguments] = (this.container.command ?? []).slice(0, -1);
    this.process = SampleService.start(
      name,
      { DATA_DIR: undefined, ...this.environment, ...replacing(this.environment, addresses) },
      { isReadOnly: true, nodeArguments: [...nodeArguments, '--import', RECORDER] },
    );
  }

  /** The status of a probe's path, or what hinders the question. */
  async probe(kind: 'startupProbe' | 'readinessProbe' | 'livenessProbe'): Promise<number> {
    const { path = '' } = this.container[kind]?.httpGet ?? {};
    return (await fetch(new URL(path, await this.process.listening()))).status;
  }

  /** The variables that it has asked for by name, once it has ended. */
  get read(): readonly string[] {
    const line = this.process.log.find(({ msg }) => msg === 'read');
    return (line?.['variables'] ?? []) as readonly string[];
  }
}

function replacing(
  environment: Readonly<Record<string, string>>,
  { brokers, databaseUrl, collectorUrl }: Addresses,
): Readonly<Record<string, string>> {
  const replaced = {
    PORT: '0',
    KAFKA_BROKERS: brokers,
    DATABASE_URL: databaseUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
  };
  const left = Object.entries({ ...environment, ...replaced }).filter(([, value]) => value.includes('.svc'));
  if (left.length > 0) throw new Error(`No address is known in the place of ${left.join(', ')}`);
  return replaced;
}
