import type { V1Container } from '@kubernetes/client-node';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mainOf, SampleService } from '../sample-service.js';
import { afterTest } from '../tracing.js';
import { environmentOf } from './environment-of.js';
import { idOf, type Manifests, type Workload } from './manifests.js';
import type { ServiceName } from './services.js';

const RECORDER = new URL('record-environment-reads.mjs', import.meta.url).href;

/** What takes the place of the addresses that are known in the cluster only. */
export interface Addresses {
  readonly brokers: string;
  readonly databaseUrl: string;
  readonly collectorUrl: string;
}

/**
 * A service as the process that its pod would have: its command in the folder of the image, as process 1, with its variables
 * and those of the image, and with nothing to write.
 */
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
    const { command = [], args = [] } = this.container;
    const ofImage = {
      PATH: [dirname(process.execPath), '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter),
      NODE_ENV: 'production',
    };
    this.process = SampleService.start(
      name,
      {
        ...ofImage,
        NODE_OPTIONS: `--import=${RECORDER}`,
        ...this.environment,
        ...replacing(this.environment, addresses),
      },
      {
        isReadOnly: true,
        inheritsVariables: false,
        folder: folderOfImage(name),
        command: [...command, ...args],
      },
    );
  }

  /** The status of a probe's path, or what hinders the question. */
  async probe(kind: 'startupProbe' | 'readinessProbe' | 'livenessProbe'): Promise<number> {
    const { path = '' } = this.container[kind]?.httpGet ?? {};
    return (await fetch(new URL(path, await this.process.listening()))).status;
  }

  /** What is wrong with its end: SIGTERM has to end it before Kubernetes does, and by 0. */
  async mistakesOfEnd(graceMs: number): Promise<readonly string[]> {
    const exit = await Promise.race([
      this.process.stop('SIGTERM').then((ended) => ended.exit),
      delay(graceMs, 'late', { ref: false }),
    ]);
    if (exit === 'late') return [`${idOf(this.workload)} does not end within ${graceMs} ms after SIGTERM`];
    return exit === 0 ? [] : [`${idOf(this.workload)} ends with ${exit} after SIGTERM`];
  }

  /** The variables that it has asked for by their names, once it has ended, and whether our own code has. */
  get read(): ReadonlyMap<string, boolean> {
    const line = this.process.log.find(({ msg }) => msg === 'read');
    return new Map(Object.entries((line?.['variables'] ?? {}) as Readonly<Record<string, boolean>>));
  }
}

/** As the Dockerfile makes it, as far as it matters here (dockerfile.spec.ts). */
function folderOfImage(name: ServiceName): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'dist'));
  symlinkSync(mainOf(name), join(folder, 'dist/service.js'));
  return folder;
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
