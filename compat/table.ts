import type { Cell } from './cells.js';
import { dependenciesOf, nodeVersionOf } from './versions.js';

export interface Result {
  readonly cell: Cell;
  readonly hasPassed: boolean;
}

const HEAD = ['Nest', 'Node', 'OpenTelemetry SDK', 'modules', 'tests', 'result'];

/** In Markdown, for the README: which applications the tarball was tested in, and when. */
export function tableOf(results: readonly Result[], tarball: string, date: Date): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...results.map(rowOf)];
  return [
    `\`${tarball}\`, ${date.toISOString().slice(0, 10)}:`,
    '',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function rowOf({ cell, hasPassed }: Result): string[] {
  const versions = dependenciesOf(cell);
  const version = (name: string): string => versions[name] ?? '';
  return [
    version('@nestjs/core'),
    nodeVersionOf(cell),
    version('@opentelemetry/core'),
    cell.modules === 'esm' ? 'ESM' : 'CommonJS',
    cell.runner === 'jest' ? `Jest ${version('jest')}` : `Vitest ${version('vitest')}`,
    hasPassed ? 'passed' : 'failed',
  ];
}
