/** A request that is answered with a status of 4xx. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
