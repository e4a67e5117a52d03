import { readFileSync } from 'node:fs';

export const RUNBOOK = readFileSync('sample/k8s/RUNBOOK.md', 'utf8');

/** The queries of the runbook's table. */
export function traceqlOfRunbook(): readonly string[] {
  return [...RUNBOOK.matchAll(/^\| `(\{.+?\})` \|/gm)].map(([, query]) => query!);
}
