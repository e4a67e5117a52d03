import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { lockDataFolder } from './data-folder-lock.js';
import type { DatabaseDefinition, OpenDatabase } from './database.js';

/** Postgres inside this process, with its files in `dataDir`, or nowhere for `memory://`. */
export async function openEmbeddedDatabase(
  dataDir: string,
  definition: DatabaseDefinition,
): Promise<OpenDatabase> {
  if (dataDir.startsWith('memory://')) return start(dataDir, definition);
  const folder = resolve(dataDir);
  const unlock = await lockDataFolder(folder);
  try {
    const { database, close } = await start(join(folder, 'postgres'), definition);
    return { database, close: () => close().finally(unlock) };
  } catch (error) {
    await unlock();
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
    return { database, close: () => client.close() };
  } catch (error) {
    await client.close();
    throw error;
  }
}
