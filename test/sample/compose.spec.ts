import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { notificationServiceEnvironment } from '../../sample/notification-service/notification-service.environment.js';
import { orderServiceEnvironment } from '../../sample/order-service/order-service.environment.js';
import { readEnvironment } from '../../sample/platform/environment/environment.js';
import { DASHBOARD_FILE } from '../support/k8s/dashboard.js';

interface Service {
  readonly image?: string;
  readonly build?: {
    readonly context: string;
    readonly dockerfile: string;
    readonly args: { SERVICE: string };
  };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

const { services, volumes } = readYaml('compose.yaml') as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};

const SCHEMAS = {
  'order-service': orderServiceEnvironment,
  'notification-service': notificationServiceEnvironment,
};

describe('sample/compose.yaml', () => {
  it('pins every image', () => {
    const images = Object.values(services).flatMap(({ image }) => image ?? []);
    expect(images.filter((image) => !/^[\w./-]+:v?\d+\.\d+[\w.-]*$/.test(image))).toEqual([]);
    expect(readText('Dockerfile')).toMatch(/^ARG NODE_IMAGE=node:22\.\d+\.\d+-[\w-]+$/m);
  });

  it.each(Object.entries(SCHEMAS))(
    'gives %s variables that it reads, with values that it takes',
    (name, schema) => {
      const environment = environmentOf(name);
      const unknown = Object.keys(environment).filter(
        (variable) => !(variable in schema.shape) && !variable.startsWith('OTEL_'),
      );
      expect(unknown).toEqual([]);
      const withDefaults = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, value.replace(/^\$\{\w+:-(\w+)\}$/, '$1')]),
      );
      expect(readEnvironment(schema, withDefaults)).toMatchObject({ PORT: expect.any(Number) as number });
    },
  );

  it('waits only for services that exist, and for the health of those that have a check', () => {
    const dependencies = Object.values(services).flatMap(({ depends_on = [] }) => conditionsOf(depends_on));
    expect(dependencies.filter(([name]) => !(name in services))).toEqual([]);
    const unchecked = dependencies.filter(
      ([name, condition]) => condition === 'service_healthy' && !serviceOf(name).healthcheck,
    );
    expect(unchecked).toEqual([]);
  });

  it('mounts only files and volumes that exist', () => {
    const sources = Object.values(services).flatMap(({ volumes: mounts = [] }) =>
      mounts.map((mount) => mount.split(':')[0] ?? ''),
    );
    const missing = sources.filter((source) =>
      source.startsWith('.') ? !existsSync(join('sample', source)) : !(source in volumes),
    );
    expect(missing).toEqual([]);
  });

  it.each(['otel-collector', 'tempo', 'prometheus'])('tells %s to read the file that is mounted', (name) => {
    const { command = [], volumes: mounts = [] } = serviceOf(name);
    const [, named] = /config(?:\.file)?=(\S+)/.exec(command.join(' ')) ?? [];
    expect(mounts.map((mount) => mount.split(':')[1])).toContain(named);
  });

  it('opens ports for this machine only, each once', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
    for (const name of Object.keys(SCHEMAS)) {
      expect(serviceOf(name).ports?.[0]?.split(':')[2]).toBe(environmentOf(name)['PORT']);
    }
  });

  it('builds both services from a Dockerfile, and leaves them longer to stop than they need', () => {
    for (const name of Object.keys(SCHEMAS)) {
      const { build, stop_grace_period } = serviceOf(name);
      expect(build?.args.SERVICE).toBe(name);
      expect(existsSync(join('sample', build?.context ?? '', build?.dockerfile ?? ''))).toBe(true);
      expect(Number.parseInt(stop_grace_period ?? '', 10)).toBeGreaterThan(10);
    }
  });

  it('connects the services to a listener that Kafka advertises by that name', () => {
    const kafka = environmentOf('kafka');
    const advertised = (kafka['KAFKA_ADVERTISED_LISTENERS'] ?? '').split(',');
    const listening = (kafka['KAFKA_LISTENERS'] ?? '').split(',');
    for (const name of Object.keys(SCHEMAS)) {
      expect(advertised).toContain(`INSIDE://${environmentOf(name)['KAFKA_BROKERS']}`);
    }
    expect(advertised).toContain(`HOST://${serviceOf('kafka').ports?.[0]?.replace(/:\d+$/, '')}`);
    for (const listener of advertised) {
      expect(listening).toContain(listener.replace(/\/\/[^:]+:/, '//:'));
    }
  });

  it('connects each service to a database of its own', () => {
    const hosts = Object.keys(SCHEMAS).map((name) => {
      const { username, password, hostname, pathname } = new URL(environmentOf(name)['DATABASE_URL'] ?? '');
      expect(environmentOf(hostname)).toEqual({
        POSTGRES_USER: username,
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: pathname.slice(1),
      });
      return hostname;
    });
    expect(new Set(hosts).size).toBe(hosts.length);
  });

  it('sends telemetry to where the Collector receives it, by the protocol of that port', () => {
    const { receivers } = collector();
    for (const name of Object.keys(SCHEMAS)) {
      const { OTEL_EXPORTER_OTLP_ENDPOINT = '', OTEL_EXPORTER_OTLP_PROTOCOL } = environmentOf(name);
      const { hostname, port } = new URL(OTEL_EXPORTER_OTLP_ENDPOINT);
      expect(hostname).toBe('otel-collector');
      expect(OTEL_EXPORTER_OTLP_PROTOCOL).toBe('http/protobuf');
      expect(receivers.otlp.protocols.http.endpoint).toBe(`0.0.0.0:${port}`);
    }
  });

  it('uses every part of the Collector that is configured, and none that is not', () => {
    const { receivers, processors, exporters, extensions, service } = collector();
    const pipelines = Object.values(service.pipelines);
    const used = (kind: 'receivers' | 'processors' | 'exporters') => [
      ...new Set(pipelines.flatMap((pipeline) => pipeline[kind])),
    ];
    expect(used('receivers').sort()).toEqual(Object.keys(receivers).sort());
    expect(used('processors').sort()).toEqual(Object.keys(processors).sort());
    expect(used('exporters').sort()).toEqual(Object.keys(exporters).sort());
    expect(service.extensions).toEqual(Object.keys(extensions));
  });

  it('hands spans to Tempo, and metrics to Prometheus, where these take them', () => {
    const { exporters } = collector();
    const tempo = readYaml('compose/tempo.yaml') as Tempo;
    const { scrape_configs } = readYaml('compose/prometheus.yaml') as Prometheus;
    const tempoPort = tempo.distributor.receivers.otlp.protocols.grpc.endpoint.replace('0.0.0.0:', '');
    expect(exporters['otlp_grpc/tempo'].endpoint).toBe(`tempo:${tempoPort}`);
    const scraped = exporters.prometheus.endpoint.replace('0.0.0.0:', 'otel-collector:');
    expect(scrape_configs[0]?.static_configs[0]?.targets).toEqual([scraped]);
  });

  it('has Grafana ask services that exist, on their ports', () => {
    const tempo = readYaml('compose/tempo.yaml') as Tempo;
    const { datasources } = readYaml('compose/grafana/datasources/datasources.yaml') as {
      readonly datasources: readonly { uid: string; url: string }[];
    };
    expect(Object.fromEntries(datasources.map(({ uid, url }) => [uid, url]))).toEqual({
      tempo: `http://tempo:${tempo.server.http_listen_port}`,
      prometheus: 'http://prometheus:9090',
    });
    expect(services).toHaveProperty('tempo');
    expect(services).toHaveProperty('prometheus');
  });

  it('has Grafana open the dashboard that is mounted', () => {
    const home = environmentOf('grafana')['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    const { volumes: mounts = [] } = serviceOf('grafana');
    expect(mounts).toContain(`./${relative('sample', DASHBOARD_FILE)}:${home}:ro`);
  });
});

interface Tempo {
  readonly server: { readonly http_listen_port: number };
  readonly distributor: {
    readonly receivers: {
      readonly otlp: { readonly protocols: { readonly grpc: { readonly endpoint: string } } };
    };
  };
}

interface Prometheus {
  readonly scrape_configs: readonly {
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

interface Collector {
  readonly receivers: {
    readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } };
  };
  readonly processors: object;
  readonly exporters: {
    readonly 'otlp_grpc/tempo': { readonly endpoint: string };
    readonly prometheus: { readonly endpoint: string };
  };
  readonly extensions: object;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
}

function collector(): Collector {
  return readYaml('compose/otel-collector.yaml') as Collector;
}

function conditionsOf(dependsOn: NonNullable<Service['depends_on']>): [name: string, condition: string][] {
  return isList(dependsOn)
    ? dependsOn.map((name) => [name, 'service_started'])
    : Object.entries(dependsOn).map(([name, { condition }]) => [name, condition]);
}

function isList(dependsOn: NonNullable<Service['depends_on']>): dependsOn is readonly string[] {
  return Array.isArray(dependsOn);
}

function serviceOf(name: string): Service {
  const service = services[name];
  if (!service) throw new Error(`There is no service ${name} in sample/compose.yaml`);
  return service;
}

function environmentOf(name: string): Readonly<Record<string, string>> {
  return serviceOf(name).environment ?? {};
}

function readText(path: string): string {
  return readFileSync(join('sample', path), 'utf8');
}

function readYaml(path: string): unknown {
  return parse(readText(path), { merge: true });
}
