/** The payload of every message: its number says what becomes of it. */
export interface Numbered {
  readonly number: number;
}

/** @throws where a message is not one of ours: then nothing that is counted would mean anything */
export function numberOf(payload: unknown): number {
  const { number } = payload as Partial<Numbered>;
  if (!Number.isSafeInteger(number)) {
    throw new TypeError(`Expected a numbered message, got ${JSON.stringify(payload)}`);
  }
  return number as number;
}
