/** Milliseconds since 1970, with fractions: nanoseconds do not fit a JSON number. */
export function timeOf(unixNano: bigint): number {
  return Number(unixNano / 1000n) / 1000;
}

export function millisecondsOf(nanos: bigint): number {
  return Number(nanos) / 1e6;
}
