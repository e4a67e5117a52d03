import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const PACKAGES = ['@nestjs/microservices', 'kafkajs', '@opentelemetry/sdk-trace', '@opentelemetry/api'];

/** When, with what, and on what a run was made. */
export function circumstances(): string {
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`);
  const day = new Date().toISOString().slice(0, 10);
  return [
    day,
    `nestjs-kafka-tracing ${versionIn('package.json')}`,
    ...versions,
    `Node ${process.versions.node}`,
    `${process.platform}, ${availableParallelism()} cores`,
  ].join(', ');
}

// By their files: some packages do not export their manifest.
function versionOf(name: string): string {
  return versionIn(`node_modules/${name}/package.json`);
}

function versionIn(manifest: string): string {
  const text = readFileSync(new URL(`../../../${manifest}`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
