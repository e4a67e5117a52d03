import { parseArguments, USAGE, UsageError } from './runner/arguments.js';
import { reasonToLeave } from './runner/reason-to-leave.js';
import { runSample, serveSample } from './runner/run-sample.js';
import { StopStack } from './runner/stop-stack.js';

const stops = new StopStack();
const exitCode = await Promise.race([main(process.argv.slice(2)), reasonToLeave()]).catch(explain);
await stops.run();
process.exit(exitCode);

async function main(args: readonly string[]): Promise<number> {
  const options = parseArguments(args);
  if (options.help) {
    await print(USAGE);
    return 0;
  }
  if (options.serve) {
    const { report, url, failure } = await serveSample(options, stops);
    report.complaints.forEach((complaint) => console.error(complaint));
    await print(
      `\n${report.summary}\n\n  The page:           ${url}\n  Send your spans to: OTEL_EXPORTER_OTLP_ENDPOINT=${url}\n  To stop:            Ctrl+C\n`,
    );
    return failure;
  }
  const { whole, output, complaints } = await runSample(options, stops);
  await print(output);
  for (const complaint of complaints) console.error(complaint);
  return whole ? 0 : 1;
}

/** Resolves when all of it has been written: `process.exit` would cut it short. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

function explain(error: unknown): number {
  const usage = error instanceof UsageError;
  console.error(usage ? `${error.message}\n\n${USAGE}` : String(error));
  return usage ? 2 : 1;
}
