import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** Queries, the same on an embedded Postgres and on a server. */
export type Database = PgDatabase<PgQueryResultHKT>;

/** The tables of one service. */
export interface DatabaseDefinition {
  /** Names the table in which drizzle notes what has been migrated. */
  readonly name: string;
  readonly migrationsFolder: string;
}

/** A migrated database, open until `close`. */
export interface OpenDatabase {
  readonly database: Database;
  /**
   * Runs `work` while this process alone holds the lock, by a session of its own that is handed to it: Postgres gives the lock
   * up with the session, so that work which lost its lock cannot read or write there any more.
   *
   * @param lock any number, the same for all that exclude each other
   * @returns what `work` returns; undefined, without running it, where somebody else holds the lock
   */
  exclusively<T>(lock: number, work: (session: Database) => Promise<T>): Promise<T | undefined>;
  close(): Promise<void>;
}
