import { Logger } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notificationsDatabase } from '../../../sample/notification-service/database/schema.js';
import { ordersDatabase } from '../../../sample/order-service/database/schema.js';
import type {
  Database,
  DatabaseDefinition,
  OpenDatabase,
} from '../../../sample/platform/database/database.js';
import { openEmbeddedDatabase } from '../../../sample/platform/database/open-embedded-database.js';
import { openServerDatabase } from '../../../sample/platform/database/open-server-database.js';
import { query } from '../../../sample/platform/database/query.js';
import { PostgresServer } from '../../support/postgres.js';
import { until } from '../../support/until.js';

const LOCK = 1;
const ANOTHER_LOCK = 2;

let postgres: PostgresServer;

beforeAll(async () => {
  Logger.overrideLogger(false);
  postgres = await PostgresServer.start();
  return () => postgres.stop();
});

describe.each(['an embedded Postgres', 'a Postgres server'])('%s', (kind) => {
  let opened: OpenDatabase;

  beforeAll(async () => {
    opened = await open(ordersDatabase);
  });
  afterAll(() => opened.close());

  async function open(definition: DatabaseDefinition): Promise<OpenDatabase> {
    return kind === 'an embedded Postgres'
      ? openEmbeddedDatabase('memory://', definition)
      : openServerDatabase(await postgres.createDatabase(), 5, definition);
  }

  it.each([
    { definition: ordersDatabase, tables: ['orders', 'outbox'] },
    { definition: notificationsDatabase, tables: ['notifications', 'stock'] },
  ])('takes the migrations of $definition.name', async ({ definition, tables }) => {
    const { database, close } = await open(definition);

    expect(await tablesOf(database)).toEqual(tables);
    await close();
  });

  it('runs work under a lock, and gives back what it returns', async () => {
    expect(await opened.exclusively(LOCK, (session) => numberFrom(session))).toBe(1);
  });

  it('gives the lock up when the work fails, with the error of the work', async () => {
    const failing = opened.exclusively(ANOTHER_LOCK, () => Promise.reject(new Error('no')));

    await expect(failing).rejects.toThrow('no');
    // A server gives it up when it sees that the session has ended, which may be a little later.
    await until(
      'the lock is free',
      async () => (await opened.exclusively(ANOTHER_LOCK, (session) => numberFrom(session))) === 1,
    );
  });

  it('says what is wrong with a query, without its parameters', async () => {
    const failing = query(opened.database.execute(sql`select ${'secret'}::text, nonsense`));

    await expect(failing).rejects.toThrow(/column "nonsense" does not exist/);
    await expect(failing).rejects.not.toThrow(/secret/);
  });
});

describe('a Postgres server that several replicas share', () => {
  it('is migrated once by five services that start together on it', async () => {
    const url = await postgres.createDatabase();

    const services = await Promise.all(
      Array.from({ length: 5 }, () => openServerDatabase(url, 5, ordersDatabase)),
    );

    const rows = await postgres.query(url, 'select * from drizzle.orders_migrations');
    expect(rows).toHaveLength(2);
    await Promise.all(services.map(({ close }) => close()));
  });

  it('keeps others out while it is locked, and lets them in when its session dies', async () => {
    const url = await postgres.createDatabase();
    const [one, other] = await Promise.all([
      openServerDatabase(url, 5, ordersDatabase),
      openServerDatabase(url, 5, ordersDatabase),
    ]);

    const locked = one.exclusively(LOCK, async (session) => {
      expect(await other.exclusively(LOCK, (theirs) => numberFrom(theirs))).toBeUndefined();
      await postgres.query(url, 'select pg_terminate_backend(pid) from pg_locks where locktype = $1', [
        'advisory',
      ]);
      await until(
        'the lock is free',
        async () => (await other.exclusively(LOCK, (theirs) => numberFrom(theirs))) === 1,
      );
      await query(session.execute(sql`select 1`));
    });

    await expect(locked).rejects.toThrow(/terminat|not queryable/);
    await Promise.all([one.close(), other.close()]);
  });
});

async function numberFrom(session: Database): Promise<unknown> {
  const [row] = await session.select({ one: sql<number>`1` }).from(sql`(values (1)) as one_row`);
  return row?.one;
}

async function tablesOf(database: Database): Promise<readonly unknown[]> {
  const rows = await database
    .select({ name: sql<string>`table_name` })
    .from(sql`information_schema.tables`)
    .where(sql`table_schema = 'public'`)
    .orderBy(sql`table_name`);
  return rows.map(({ name }) => name);
}
