import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findFreePorts, giveBack } from '../../lib/testing/free-ports.js';
import { freshName } from './kafka.js';
import { until } from './until.js';

const run = promisify(execFile);

/** Ends the server, and deletes its folder, when its own standard input ends: however the process of the tests does. */
const KEEPER =
  '"$1/postgres" -D "$2" -p "$3" -h 127.0.0.1 -k "" -F </dev/null & cat >/dev/null; kill -INT $!; wait; rm -rf "$2"';

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** A real Postgres server of a test's own, on 127.0.0.1, with Debian's `postgresql` or another one on the PATH. */
export class PostgresServer {
  static async start(): Promise<PostgresServer> {
    const programs = programsFolder();
    const user = serverUser();
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
    const options = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
    await run(join(programs, 'initdb'), options, { ...user, cwd: '/' });
    const [port] = (await findFreePorts(1)) as [number];
    const keeper = spawn('sh', ['-c', KEEPER, 'sh', programs, folder, String(port)], {
      ...user,
      cwd: '/',
      detached: true, // Ctrl+C in a terminal is for the tests; the server ends with its input.
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const server = new PostgresServer(keeper, port);
    await until('Postgres answers', () => server.answers(), 30_000);
    return server;
  }

  private constructor(
    private readonly keeper: ChildProcess,
    private readonly port: number,
  ) {}

  /** A new, empty database. */
  async createDatabase(): Promise<string> {
    const name = freshName('db').replaceAll('-', '_');
    await this.query(this.url('postgres'), `create database ${name}`);
    return this.url(name);
  }

  /** Runs one statement on a connection of its own. */
  async query(url: string, statement: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends every session that holds an advisory lock of this database, as a broken connection does. */
  async endSessionsWithLocks(url: string): Promise<void> {
    await this.query(
      url,
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
       and database = (select oid from pg_database where datname = current_database())`,
    );
  }

  /** Ends it and everything that it kept. May be called more than once. */
  async stop(): Promise<void> {
    if (this.keeper.exitCode === null) {
      this.keeper.stdin?.end();
      await once(this.keeper, 'exit');
    }
    giveBack([this.port]);
  }

  private url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  private async answers(): Promise<boolean> {
    if (this.keeper.exitCode !== null) throw new Error('Postgres ended while it was starting');
    return this.query(this.url('postgres'), 'select 1').then(
      () => true,
      () => false,
    );
  }
}

function programsFolder(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((one, other) => Number(other) - Number(one))
    : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  const found = folders.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  if (found === undefined) {
    throw new Error(
      'These tests need a Postgres server: install one, on Debian with `apt-get install postgresql`.',
    );
  }
  return found;
}

/** The server refuses to run as root: then it is the user that its package has made. */
function serverUser(): User {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  if (line === undefined)
    throw new Error('As root, these tests need a user named `postgres`, as its package makes it.');
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
