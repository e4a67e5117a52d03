/** Says what is being done. On stderr: what is on stdout can be piped on. */
export function progress(what: string): void {
  process.stderr.write(`› ${what}\n`);
}
