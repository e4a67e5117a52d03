/** How something was refused, in what a caller can tell it by. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
}

/** How work is refused; `undefined` where it is not. */
export async function refusalOf(work: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { name, message, type, code, retriable, cause } = error as Error & Record<string, unknown>;
    return { name, message, type, code, retriable, cause: (cause as Error | undefined)?.message } as Refusal;
  }
}
