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

const DIGITS = 2;

export function micros(value: number): string {
  return rounded(value, DIGITS);
}

/** What is added, with its sign. */
export function added(value: number, digits = DIGITS): string {
  const text = rounded(value, digits);
  return text.startsWith('-') ? text : `+${text}`;
}

export function times(ratio: number): string {
  return `${rounded(ratio, DIGITS)} ×`;
}

/** Without the sign that a small negative number would leave before a zero. */
function rounded(value: number, digits: number): string {
  return (Number(value.toFixed(digits)) + 0).toFixed(digits);
}
