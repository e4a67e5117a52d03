import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { tryLock, unlock } from './advisory-locks.js';
import { lockDataFolder } from './data-folder-lock.js';
import type { DatabaseDefinition, OpenDatabase } from './database.js';

/** Postgres inside this process, with its files in `dataDir`, or nowhere for `memory://`. */
export async function openEmbeddedDatabase(
  dataDir: string,
  definition: DatabaseDefinition,
): Promise<OpenDatabase> {
  if (dataDir.startsWith('memory://')) return start(dataDir, definition);
  const folder = resolve(dataDir);
  const giveBack = await lockDataFolder(folder);
  try {
    const opened = await start(join(folder, 'postgres'), definition);
    return { ...opened, close: () => opened.close().finally(giveBack) };
  } catch (error) {
    await giveBack();
    throw error;
  }
}

async function start(dataDir: string, definition: DatabaseDefinition): Promise<OpenDatabase> {
  const client = await PGlite.create(dataDir);
  try {
    const database = drizzle(client);
    await migrate(database, {
      migrationsFolder: definition.migrationsFolder,
      migrationsTable: `${definition.name}_migrations`,
    });
    return {
      database,
      // There is one session, and no other process: the lock is free, unless this process asked for it already.
      exclusively: async (lock, work) => {
        if (!(await tryLock(database, lock))) return undefined;
        return work(database).finally(() => unlock(database, lock));
      },
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}
