import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { render } from '../support/k8s/render.js';

const FOLDER = 'sample/k8s';
const manifests = render(`${FOLDER}/overlays/dev`);

describe.each(['README.md', 'RUNBOOK.md'])('sample/k8s/%s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const commands = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) => code!);

  it('has commands that a shell can read', () => {
    expect(commands.length).toBeGreaterThan(1);
    const refused = commands.map((input) => spawnSync('bash', ['-n'], { input, encoding: 'utf8' }).stderr);
    expect(refused.filter((stderr) => stderr !== '')).toEqual([]);
  });

  it('forwards ports of Services that exist', () => {
    const forwards = [...text.matchAll(/--namespace (\S+) port-forward service\/(\S+) (?:\d+:)?(\d+)/g)];
    expect(forwards.length).toBeGreaterThan(0);
    for (const [, namespace, name, port] of forwards.filter(([, , name]) => name !== 'jaeger')) {
      const ports = manifests.get('Service', `${namespace}/${name}`).spec.ports ?? [];
      expect(ports.map((one) => one.port)).toContain(Number(port));
    }
  });

  it('names files that exist', () => {
    const named = [
      ...[...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => join(FOLDER, path!)),
      ...[...text.matchAll(/\bsample\/k8s\/[\w./-]*\w/g)].map(([path]) => path),
      ...[...text.matchAll(/`((?:base|components|overlays|traces)\/[\w./-]*\w)/g)].map(([, path]) =>
        join(FOLDER, path!),
      ),
    ];
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('has YAML that is some', () => {
    const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
    expect(blocks.flatMap((block) => parseAllDocuments(block).flatMap(({ errors }) => errors))).toEqual([]);
  });
});
