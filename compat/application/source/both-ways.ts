/** A program of its own, since a test runner may load modules in a way of its own: what import and require give in one process. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import * as stated from 'nestjs-kafka-tracing';
import * as statedTestKit from 'nestjs-kafka-tracing/testing';

type Exports = Readonly<Record<string, unknown>>;

/** By the name of an export: whether the file's own `import`, `import()` and `require` have the same thing. */
export type SameBothWays = Readonly<Record<string, boolean>>;

const require_ = createRequire(resolve('package.json'));

function compare(stated: Exports, imported: Exports, required: Exports): SameBothWays {
  // Not of what is stated: where it is compiled to `require`, the compiler adds a `default`.
  const names = new Set([imported, required].flatMap((exports) => Object.keys(exports)));
  const isSame = (name: string): boolean =>
    stated[name] !== undefined && stated[name] === imported[name] && stated[name] === required[name];
  return Object.fromEntries([...names].map((name) => [name, isSame(name)]));
}

async function compareAll(): Promise<SameBothWays> {
  const [imported, importedTestKit] = await Promise.all([
    import('nestjs-kafka-tracing'),
    import('nestjs-kafka-tracing/testing'),
  ]);
  return {
    ...compare(stated, imported, require_('nestjs-kafka-tracing') as Exports),
    ...compare(statedTestKit, importedTestKit, require_('nestjs-kafka-tracing/testing') as Exports),
  };
}

compareAll().then(
  (same) => process.stdout.write(JSON.stringify(same)),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
