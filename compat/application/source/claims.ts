import { readFileSync } from 'node:fs';

/** What the runner says that this application is; its test holds the process against it. */
export interface Claims {
  readonly node: string;
  readonly modules: 'esm' | 'commonjs';
  readonly runner: 'vitest' | 'jest';
  /** By package. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of the OpenTelemetry SDK, as its spans tell it. */
  readonly sdk: string;
}

export const claims = JSON.parse(readFileSync('claims.json', 'utf8')) as Claims;

export function installedVersionOf(name: string): string {
  const manifest = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
