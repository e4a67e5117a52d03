import type { WriteStream } from 'node:tty';

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], cyan: [36, 39], yellow: [33, 39] } as const;

export type Style = keyof typeof CODES;

/** Makes a text look so, or leaves it as it is. */
export type Paint = (text: string, style: Style | undefined) => string;

export function paintWith(color: boolean): Paint {
  return (text, style) =>
    color && style && text ? `\u001B[${CODES[style][0]}m${text}\u001B[${CODES[style][1]}m` : text;
}

/** Whether a stream shows colours, and nobody asked for none. @see https://no-color.org */
export function showsColor(
  stream: Partial<Pick<WriteStream, 'isTTY' | 'hasColors'>>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return !env['NO_COLOR'] && stream.isTTY === true && stream.hasColors?.(env) === true;
}
