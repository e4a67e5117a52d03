/** That many headers whose names begin so. */
export function manyHeaders(prefix: string, count: number, value: unknown = 'x'): Record<string, unknown> {
  return headersNamed(
    Array.from({ length: count }, (_, index) => prefix + String(index)),
    value,
  );
}

/** The header in letter cases other than this one: so many of them, or all that there are. */
export function letterCasesOf(name: string, value: unknown, count = Infinity): Record<string, unknown> {
  const letters = [...name.matchAll(/[a-z]/g)].map(({ index }) => index);
  const names = Array.from({ length: Math.min(count, 2 ** letters.length - 1) }, (_, index) =>
    letters.reduce((cased, at, bit) => (((index + 1) >> bit) & 1 ? inUpperCase(cased, at) : cased), name),
  );
  return headersNamed(names, value);
}

function inUpperCase(name: string, at: number): string {
  return name.slice(0, at) + name.charAt(at).toUpperCase() + name.slice(at + 1);
}

function headersNamed(names: readonly string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
