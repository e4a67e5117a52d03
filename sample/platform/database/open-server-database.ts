import { Logger } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Pool, type PoolClient } from 'pg';
import { waitUntilReachable } from '../lifecycle/wait-until-reachable.js';
import { awaitLock, MIGRATION_LOCK, tryLock } from './advisory-locks.js';
import type { DatabaseDefinition, OpenDatabase } from './database.js';

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
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    database: drizzle(pool),
    exclusively: (lock, work) =>
      inSessionOfItsOwn(pool, async (client) => {
        const session = drizzle(client);
        return (await tryLock(session, lock)) ? work(session) : undefined;
      }),
    close: () => pool.end(),
  };
}

/** drizzle's `migrate` takes no lock, and replicas that start together would run the same migration twice. */
async function migrateAlone(pool: Pool, definition: DatabaseDefinition): Promise<void> {
  await inSessionOfItsOwn(pool, async (client) => {
    const session = drizzle(client);
    await awaitLock(session, MIGRATION_LOCK);
    await migrate(session, {
      migrationsFolder: definition.migrationsFolder,
      migrationsTable: `${definition.name}_migrations`,
    });
  });
}

/** A connection that ends with the work, and with it its locks, whatever state the work left it in. */
async function inSessionOfItsOwn<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // What breaks the connection is told by the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    client.release(true);
  }
}
