import { reasonToLeave } from '../sample/runner/reason-to-leave.js';
import { StopStack } from '../sample/runner/stop-stack.js';
import { USAGE, UsageError, parseArguments } from './arguments.js';
import { reportOn } from './report/report.js';
import { runSoak } from './run-soak.js';
import { verdictsOn } from './verdicts/verdicts.js';

const stops = new StopStack();
const exitCode = await Promise.race([main(process.argv.slice(2)), reasonToLeave()]).catch(explain);
await stops.run();
process.exit(exitCode);

async function main(words: readonly string[]): Promise<number> {
  const args = parseArguments(words);
  const findings = await runSoak(args, stops);
  const verdicts = verdictsOn(findings, args.isShort);
  await print(reportOn(findings, verdicts));
  const failed = verdicts.filter(({ holds }) => !holds);
  for (const { claim, found } of failed) process.stderr.write(`✗ Not so: ${claim}: ${found}\n`);
  return failed.length === 0 ? 0 : 1;
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
