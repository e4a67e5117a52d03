interface LogLine {
  readonly level?: string;
  readonly context?: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/** Lines of JSON, as the services log, for somebody to read; other lines as they are. */
export function readableLog(output: string): string {
  return output
    .split('\n')
    .map((line) => (line.startsWith('{') ? readable(line) : line))
    .join('\n');
}

function readable(line: string): string {
  try {
    const { level = '', context, msg = '', err } = JSON.parse(line) as LogLine;
    const place = context === undefined ? '' : `[${context}] `;
    return `${level.toUpperCase()} ${place}${msg}${err?.stack ? `\n${err.stack}` : ''}`;
  } catch {
    return line; // Cut off at its beginning or its end.
  }
}
