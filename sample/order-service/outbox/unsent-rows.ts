import { asc, inArray, isNull, lt, sql } from 'drizzle-orm';
import type { Database } from '../../platform/database/database.js';
import { query } from '../../platform/database/query.js';
import { outbox } from '../database/schema.js';
import type { OutboxRow } from './outbox-row.js';

/** The rows that have waited longest. */
export function readUnsent(session: Database, limit: number): Promise<readonly OutboxRow[]> {
  const { id, topic, messages, headers } = outbox;
  return query(
    session
      .select({ id, topic, messages, headers })
      .from(outbox)
      .where(isNull(outbox.sentAt))
      .orderBy(asc(outbox.id))
      .limit(limit),
  );
}

export async function markSent(session: Database, rows: readonly OutboxRow[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await query(
    session
      .update(outbox)
      .set({ sentAt: sql`now()` })
      .where(inArray(outbox.id, ids)),
  );
}

/** Sent rows are kept for a while, for those who look into what happened. */
export async function deleteSent(session: Database, olderThanDays: number): Promise<void> {
  const limit = sql`now() - make_interval(days => ${olderThanDays}::int)`;
  await query(session.delete(outbox).where(lt(outbox.sentAt, limit)));
}
