/**
 * Text of a remote process, fit for a terminal: one line, of bounded length, and without control characters, which
 * could move the cursor, recolour the screen or reverse the reading order.
 */
export function printable(text: string, maxLength = 60): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean;
}

const MICROSECOND = 1e3;
const MILLISECOND = 1e6;
const SECOND = 1e9;

/** Three digits and a unit, such as `412 µs`, `9.06 ms`, `1.25 s`. */
export function formatDuration(nanos: bigint): string {
  const value = Number(nanos);
  if (value >= SECOND) return `${digits(value / SECOND)} s`;
  if (value >= MILLISECOND) return `${digits(value / MILLISECOND)} ms`;
  return `${digits(value / MICROSECOND)} µs`;
}

function digits(value: number): string {
  if (value >= 100 || value === 0) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
