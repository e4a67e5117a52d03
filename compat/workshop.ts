import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { writeApplication } from './application-folder.js';
import { type Cell, nameOf } from './cells.js';
import { run } from './programs.js';
import { nodeVersionOf } from './versions.js';

const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** A temporary folder with the tarball, each Node, and the application of one cell at a time. */
export class Workshop {
  /** By version: where its `node` is. */
  private readonly nodes = new Map<string, string>();

  /** Packs the package as it is built. */
  static async open(signal: AbortSignal): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-kafka-tracing-compat-'));
    try {
      const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
      await run('npm', pack, { cwd: process.cwd(), signal });
      const [tarball] = await readdir(folder);
      if (tarball === undefined) throw new Error('`npm pack` has written no tarball.');
      return new Workshop(folder, join(folder, tarball), signal);
    } catch (error) {
      await removeFolder(folder);
      throw error;
    }
  }

  private constructor(
    private readonly folder: string,
    private readonly tarball: string,
    private readonly signal: AbortSignal,
  ) {}

  get tarballName(): string {
    return basename(this.tarball);
  }

  /** Installs, compiles and tests the application of a cell, all with the cell's own Node. */
  async test(cell: Cell, brokers: readonly string[]): Promise<void> {
    const bin = await this.nodeOf(cell);
    const cwd = join(this.folder, nameOf(cell));
    const path = [bin, process.env['PATH']].join(delimiter);
    const env = { ...process.env, PATH: path, KAFKA_BROKERS: brokers.join(','), NO_COLOR: '1' };
    const options = { cwd, env, signal: this.signal };
    try {
      await writeApplication(cwd, cell, this.tarball);
      await run('npm', [...INSTALL, '--ignore-scripts'], options);
      await run('npm', ['run', 'build'], options);
      await run('npm', ['test'], options);
    } finally {
      await removeFolder(cwd);
    }
  }

  async close(): Promise<void> {
    await removeFolder(this.folder);
  }

  private async nodeOf(cell: Cell): Promise<string> {
    const version = nodeVersionOf(cell);
    const bin = this.nodes.get(version) ?? (await this.installNode(version));
    this.nodes.set(version, bin);
    return bin;
  }

  /** The npm package `node` fetches the binary of this machine in its install script. */
  private async installNode(version: string): Promise<string> {
    const cwd = join(this.folder, `node-${version}`);
    await mkdir(cwd);
    const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
    await writeFile(join(cwd, 'package.json'), JSON.stringify(manifest));
    await run('npm', INSTALL, { cwd, signal: this.signal });
    return join(cwd, 'node_modules', '.bin');
  }
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
