import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const CURE =
  'The public API is another one. If that is meant, `npm run api` writes it down; look at the difference.';
const TIMEOUT_MS = 60_000;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

// Of the built declarations: `npm test` builds first.
describe('the public API', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['nestjs-kafka-tracing', 'api-extractor.json'],
    ['nestjs-kafka-tracing/testing', 'api-extractor.testing.json'],
  ])('of %s is what its report says', (_entry, file) => {
    expect(compared(file, resolve('api'))).toEqual({ errors: [], changed: false });
  });

  it('is not what a report says that leaves something out', () => {
    const report = readFileSync('api/testing.api.md', 'utf8');
    const shorter = report.replace(/^ +static startOrUse.*\n/m, '');
    expect(shorter).not.toBe(report);
    writeFileSync(join(folder, 'testing.api.md'), shorter);
    expect(compared('api-extractor.testing.json', folder)).toEqual({ errors: [], changed: CURE });
  });
});

function compared(file: string, reportFolder: string) {
  const configObjectFullPath = resolve('api', file);
  const configObject = ExtractorConfig.loadFile(configObjectFullPath);
  Object.assign(configObject.apiReport ?? {}, { reportFolder, reportTempFolder: join(folder, 'made') });
  const packageJsonFullPath = resolve('package.json');
  const errors: string[] = [];
  const { apiReportChanged } = Extractor.invoke(
    ExtractorConfig.prepare({ configObject, configObjectFullPath, packageJsonFullPath }),
    {
      localBuild: false,
      messageCallback(message) {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.text);
      },
    },
  );
  return { errors, changed: apiReportChanged && CURE };
}
