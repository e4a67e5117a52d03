/**
 * What the keeper runs: it owns one temporary folder and at most one child (a JVM) at a time, does what the lines on
 * its standard input say, and at their end ends the child, deletes the folder and exits. The system closes that pipe
 * however the parent goes, also by SIGKILL; no code of the parent's need run for it.
 *
 * A string for `node -e`, not a file: the same code must start it from `dist/esm`, from `dist/cjs` and from TypeScript
 * source inside vitest, where there is no JavaScript file to point at, and no expression both module systems accept to
 * find one. It is plain CommonJS and uses nothing but Node.
 *
 * Arguments: the folder's prefix, milliseconds between SIGTERM and SIGKILL.
 * In:  `{"run":["/path/to/java","-cp",…]}`, `{"end":"SIGTERM"}`, `{"end":"SIGKILL"}`.
 * Out: `{"folder":"…"}` once, then for each run `{"pid":1}` and `{"exit":"0"}`, or `{"exit":"SIGKILL"}` and the like;
 * `{"fault":"…"}` when it has to give up.
 *
 * @internal
 */
export const KEEPER_PROGRAM = `'use strict';
const { spawn } = require('node:child_process');
const { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } = require('node:fs');
const { hostname } = require('node:os');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const [prefix, patience] = process.argv.slice(1);
let folder;
let child;
let leaving = false;

const tell = (message) => process.stdout.write(JSON.stringify(message) + '\\n');

const run = ([file, ...args]) => {
  const output = openSync(join(folder, 'output.log'), 'w');
  const started = (child = spawn(file, args, { cwd: folder, stdio: ['ignore', output, output] }));
  closeSync(output);
  const ended = (how) => {
    if (child !== started) return;
    child = undefined;
    tell({ exit: how });
    if (leaving) remove();
  };
  started.once('spawn', () => tell({ pid: started.pid }));
  started.once('error', (error) => ended(error.message));
  started.once('exit', (code, signal) => ended(signal || String(code)));
};

const end = (signal) => {
  if (!child) return;
  const ending = child;
  ending.kill(signal);
  const deadline = setTimeout(() => ending.kill('SIGKILL'), Number(patience));
  ending.once('exit', () => clearTimeout(deadline));
};

const remove = () => {
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  process.exit();
};

const leave = () => {
  if (leaving) return;
  leaving = true;
  if (child) end('SIGTERM');
  else remove();
};

process.on('uncaughtException', (error) => {
  tell({ fault: error.message });
  if (child) child.kill('SIGKILL');
  remove();
});
process.stdout.on('error', () => {}); // the parent is gone: the end of its pipe says so
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, leave);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.run && !leaving) run(message.run);
    if (message.end) end(message.end);
  })
  .on('close', leave);
folder = mkdtempSync(prefix);
writeFileSync(join(folder, 'keeper.json'), JSON.stringify({ host: hostname(), pid: process.pid }));
tell({ folder });
`;
