/** An attribute can have more text than anybody looks at. */
const MAX_TEXT = 2000;

export function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
