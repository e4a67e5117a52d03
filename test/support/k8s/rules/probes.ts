import { containersOf, idOf, probesOf, type Workload } from '../manifests.js';

/** Asks the paths of a workload's probes of the process itself: which of them it does not serve. */
export async function unservedProbes(workload: Workload, url: string): Promise<readonly string[]> {
  const paths = containersOf(workload)
    .flatMap(probesOf)
    .flatMap(({ httpGet }) => httpGet?.path ?? []);
  const answers = await Promise.all(
    paths.map(async (path) => ({ path, status: (await fetch(new URL(path, url))).status })),
  );
  return answers
    .filter(({ status }) => status !== 200)
    .map(({ path, status }) => `A probe of ${idOf(workload)} asks ${path}, which answers ${status}`);
}
