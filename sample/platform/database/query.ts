import { DrizzleQueryError } from 'drizzle-orm';

/**
 * Awaits a query, and rejects with what the database said. The error that drizzle makes of it quotes all parameters: customers'
 * data, which belongs neither in a log nor on a span.
 */
export async function query<T>(running: PromiseLike<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    throw error instanceof DrizzleQueryError ? (error.cause ?? new Error('A query failed')) : error;
  }
}
