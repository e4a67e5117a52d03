/** Writes a Markdown table row by row, as the rows come. */
export class Table {
  readonly #widths: readonly number[];

  /** @param widths of columns with cells of more than eight characters, by their headings */
  constructor(title: string, headings: readonly string[], widths: Readonly<Record<string, number>>) {
    this.#widths = headings.map((heading) => Math.max(heading.length, widths[heading] ?? 8));
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
