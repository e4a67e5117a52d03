import { sql } from 'drizzle-orm';
import type { Database } from './database.js';

/** Of this sample; what counts is that every replica asks for the same number. */
export const MIGRATION_LOCK = 20_261_122;
export const OUTBOX_RELAY_LOCK = 20_261_126;

/** Takes a lock for the session, or gives up at once where another one has it. @see https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS */
export async function tryLock(session: Database, lock: number): Promise<boolean> {
  const rows = await session
    .select({ taken: sql<boolean>`pg_try_advisory_lock(${lock}::bigint)` })
    .from(ONE_ROW);
  return rows[0]?.taken === true;
}

export async function awaitLock(session: Database, lock: number): Promise<void> {
  await session.execute(sql`select pg_advisory_lock(${lock}::bigint)`);
}

export async function unlock(session: Database, lock: number): Promise<void> {
  await session.execute(sql`select pg_advisory_unlock(${lock}::bigint)`);
}

const ONE_ROW = sql`(values (1)) as one_row`;
