import { reasonToLeave } from '../sample/runner/reason-to-leave.js';
import { StopStack } from '../sample/runner/stop-stack.js';
import { USAGE, UsageError, parseArguments } from './arguments.js';
import { runSoak } from './run-soak.js';

const stops = new StopStack();
const exitCode = await Promise.race([main(process.argv.slice(2)), reasonToLeave()]).catch(explain);
await stops.run();
process.exit(exitCode);

async function main(words: readonly string[]): Promise<number> {
  const args = parseArguments(words);
  const findings = await runSoak(args, stops);
  await print(JSON.stringify(findings, null, 1));
  return 0;
}

/** Resolves when all of it has been written: `process.exit` would cut it short. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

function explain(error: unknown): number {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${isUsage ? `${error.message}\n\n${USAGE}` : String((error as Error).stack)}\n`);
  return isUsage ? 2 : 1;
}
