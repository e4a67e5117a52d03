import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { render } from '../support/k8s/render.js';
import { PostgresServer } from '../support/postgres.js';

const run = promisify(execFile);
const SCRIPT = 'sample/k8s/base/postgres/create-databases.sh';

let postgres: PostgresServer;
let server: URL;

beforeAll(async () => {
  postgres = await PostgresServer.start();
  server = new URL(await postgres.createDatabase());
  await run('bash', [SCRIPT], {
    env: {
      PATH: process.env['PATH'],
      PGHOST: server.hostname,
      PGPORT: server.port,
      PGDATABASE: 'postgres',
      // As its pod has them.
      POSTGRES_USER: 'postgres',
      ORDERS_PASSWORD: `it's "orders"`,
      NOTIFICATIONS_PASSWORD: 'notifications',
    },
  });
  return () => postgres.stop();
});

describe('create-databases.sh', () => {
  it.each(['orders', 'notifications'])(
    'makes a database %s, of a user who may do anything in it',
    async (name) => {
      await postgres.query(urlOf(name, name), 'create table made (id int)');
      expect(await postgres.query(urlOf(name, name), 'select * from made')).toEqual([]);
    },
  );

  it.each([
    ['orders', 'notifications'],
    ['notifications', 'orders'],
    ['orders', 'postgres'],
    ['notifications', 'template1'],
  ])('does not let %s into the database %s', async (user, database) => {
    await expect(postgres.query(urlOf(user, database), 'select 1')).rejects.toThrow(/permission denied/);
  });

  it('is a program, and not read into the shell that starts the server', () => {
    const { volumes = [] } =
      render('sample/k8s/overlays/dev').workload('production/postgres').spec.template.spec;
    expect(volumes.find(({ name }) => name === 'databases')?.configMap?.defaultMode).toBe(0o555);
  });

  it('gives each a password', async () => {
    const users = await postgres.query(
      urlOf('postgres', 'postgres'),
      `select rolname from pg_authid where rolpassword is not null and not rolsuper order by rolname`,
    );
    expect(users.map(({ rolname }) => rolname)).toEqual(['notifications', 'orders']);
  });
});

function urlOf(user: string, database: string): string {
  return `postgres://${user}@${server.host}/${database}`;
}
