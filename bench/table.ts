/** Writes a Markdown table row by row, as the rows come. */
export class Table {
  readonly #widths: readonly number[];

  constructor(title: string, headings: readonly string[], first = 12) {
    this.#widths = headings.map((heading, index) => Math.max(heading.length, index === 0 ? first : 8));
    process.stdout.write(`\n### ${title}\n\n`);
    this.row(headings);
    process.stdout.write(`| ${this.#widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`);
  }

  row(cells: readonly string[]): void {
    process.stdout.write(
      `| ${cells.map((cell, index) => cell.padEnd(this.#widths[index] ?? 0)).join(' | ')} |\n`,
    );
  }
}

const MICROSECOND_DIGITS = 2;

export function micros(value: number): string {
  return value.toFixed(MICROSECOND_DIGITS);
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
