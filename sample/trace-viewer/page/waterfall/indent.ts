/** Deeper spans are drawn no further to the right: there would be no room left for their names. */
const DEEPEST = 14;

export function indent(cell: HTMLElement, depth: number): void {
  cell.style.setProperty('--depth', String(Math.min(depth, DEEPEST)));
}
