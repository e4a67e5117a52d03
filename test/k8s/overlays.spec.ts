import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { containersOf } from '../support/k8s/manifests.js';
import { mistakesIn } from '../support/k8s/mistakes-in.js';
import { render } from '../support/k8s/render.js';

const OVERLAYS = 'sample/k8s/overlays';

describe('the overlays', () => {
  it('are these', () => {
    expect(readdirSync(OVERLAYS).sort()).toEqual(['dev', 'prod', 'strimzi']);
  });
});

// The brokers of the third one are made by an operator (strimzi.spec.ts).
describe.each(['dev', 'prod'])('sample/k8s/overlays/%s', (overlay) => {
  const manifests = render(`${OVERLAYS}/${overlay}`);

  it('has no mistake that can be known without a cluster', () => {
    expect(mistakesIn(manifests)).toEqual([]);
  });

  it('makes the namespaces that it uses', () => {
    const namespaces = manifests.ofKind('Namespace').map(({ metadata }) => metadata.name);
    expect(namespaces.sort()).toEqual(['messaging', 'observability', 'production']);
  });

  it('runs as many of each as it says', () => {
    const replicas = Object.fromEntries(
      manifests.workloads.map(({ metadata, spec }) => [metadata.name, spec.replicas ?? 1]),
    );
    const isProd = overlay === 'prod';
    expect(replicas).toEqual({
      kafka: isProd ? 3 : 1,
      'kafka-topics': 1,
      postgres: 1,
      'order-service': isProd ? 3 : 1,
      'notification-service': isProd ? 2 : 1,
      'otel-collector': 1,
      tempo: 1,
      prometheus: 1,
      grafana: 1,
    });
  });

  it('lets one pod at a time be taken away from whatever may have several, and spreads them over nodes', () => {
    const several = ['messaging/kafka', 'production/order-service', 'production/notification-service'];
    for (const id of several) {
      expect(manifests.get('PodDisruptionBudget', id).spec.maxUnavailable).toBe(1);
      const { topologySpreadConstraints } = manifests.workload(id).spec.template.spec;
      expect(topologySpreadConstraints).toMatchObject([{ topologyKey: 'kubernetes.io/hostname' }]);
    }
  });

  it('keeps the root file system of everything read-only, but for Kafka, whose image writes its configuration', () => {
    const writable = manifests.workloads.filter((workload) =>
      containersOf(workload).some(({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true),
    );
    expect(writable.map(({ metadata }) => metadata.name)).toEqual(['kafka']);
  });
});

describe('render', () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));
  const folder = (): string => {
    folders.push(mkdtempSync(join(tmpdir(), 'overlay-')));
    return folders.at(-1)!;
  };

  it('says how to get kustomize where there is none', () => {
    expect(() => render('sample/k8s/overlays/dev', { PATH: folder() })).toThrow(
      /Neither kustomize nor kubectl is on the PATH.*go install sigs\.k8s\.io\/kustomize/,
    );
  });

  it('says what is wrong with a folder that does not render', () => {
    const overlay = folder();
    writeFileSync(join(overlay, 'kustomization.yaml'), 'resources: [missing.yaml]\n');
    expect(() => render(overlay)).toThrow(/does not render:.*missing\.yaml/s);
  });
});
