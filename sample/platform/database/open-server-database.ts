import { Logger } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Pool } from 'pg';
import { waitUntilReachable } from '../lifecycle/wait-until-reachable.js';
import type { DatabaseDefinition, OpenDatabase } from './database.js';

/** Any number: what counts is that every replica asks for the same lock. */
const MIGRATION_LOCK = 20_261_122;

/** A Postgres server, which several replicas of the service may share. */
export async function openServerDatabase(
  url: string,
  timeoutSeconds: number,
  definition: DatabaseDefinition,
): Promise<OpenDatabase> {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5000 });
  // Without a listener, a connection that breaks while it is idle would end the process.
  pool.on('error', (error) => new Logger('Database').warn(`A connection was lost: ${error.message}`));
  try {
    const { host, pathname } = new URL(url);
    await waitUntilReachable(`The database (${host}${pathname})`, timeoutSeconds, async () => {
      await pool.query('select 1');
    });
    await migrateAlone(pool, definition);
    return { database: drizzle(pool), close: () => pool.end() };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** drizzle's `migrate` takes no lock, and replicas that start together would run the same migration twice. */
async function migrateAlone(pool: Pool, definition: DatabaseDefinition): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle(client), {
      migrationsFolder: definition.migrationsFolder,
      migrationsTable: `${definition.name}_migrations`,
    });
  } finally {
    // Ends the session, and with it the lock, whatever state the migration left it in.
    client.release(true);
  }
}
