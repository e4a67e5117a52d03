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
  close(): Promise<void>;
}
