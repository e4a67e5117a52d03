import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { type KubernetesObject, Manifests } from './manifests.js';

const RENDERERS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
];
const HOW_TO_GET_ONE =
  'Neither kustomize nor kubectl is on the PATH. Install one of them, with Go for example: ' +
  '`go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1`, and put its folder (`go env GOPATH`, then /bin) on the PATH.';

/**
 * What `kubectl apply -k` would send to the cluster.
 *
 * @throws Error with the reason of the renderer, or how to get one.
 */
export function render(folder: string, env: NodeJS.ProcessEnv = process.env): Manifests {
  for (const [program, ...args] of RENDERERS) {
    const { error, status, stdout, stderr } = spawnSync(program, [...args, folder], {
      env,
      encoding: 'utf8',
    });
    if (isMissing(error)) continue;
    if (error) throw error;
    if (status !== 0 || stderr !== '') throw new Error(`${folder} does not render: ${stderr.trim()}`);
    return new Manifests(parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject));
  }
  throw new Error(HOW_TO_GET_ONE);
}

function isMissing(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'ENOENT';
}
