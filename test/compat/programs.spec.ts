import { describe, expect, it } from 'vitest';
import { FailedProgramError, run } from '../../compat/programs.js';
import { until } from '../support/until.js';
import { processesNaming, script, temporaryFolder } from '../testing/processes-and-folders.js';

const cwd = process.cwd();
const never = new AbortController().signal;

/** A program that starts another one and waits for it, for ever. */
function waitingProgram() {
  const program = script(temporaryFolder(), 'waiting', '[ "$1" ] || "$0" again & while :; do sleep 1; done');
  return {
    program,
    hasStarted: () => until('both are running', () => processesNaming(program).length >= 2),
    hasEnded: () => until('both are gone', () => processesNaming(program).length === 0),
  };
}

describe('run', () => {
  it('is done when the program is', async () => {
    await expect(run('sh', ['-c', 'exit 0'], { cwd, signal: never })).resolves.toBeUndefined();
  });

  it('tells all that a program said which fails', async () => {
    const failed = run('sh', ['-c', 'echo out; echo err >&2; exit 3'], { cwd, signal: never });
    await expect(failed).rejects.toBeInstanceOf(FailedProgramError);
    await expect(failed).rejects.toMatchObject({ output: expect.stringMatching(/^(out\nerr|err\nout)\n$/) });
  });

  it('tells of a program that is not there', async () => {
    await expect(run('no-such-program', [], { cwd, signal: never })).rejects.toThrow('ENOENT');
  });

  it('ends, where it is interrupted, also what the program has started', async () => {
    const interruption = new AbortController();
    const { program, hasStarted, hasEnded } = waitingProgram();
    const running = run(program, [], { cwd, signal: interruption.signal });
    await hasStarted();
    interruption.abort(new Error('Enough.'));
    await expect(running).rejects.toThrow('Enough.');
    await hasEnded();
    await expect(run('sh', ['-c', 'exit 0'], { cwd, signal: interruption.signal })).rejects.toThrow(
      'Enough.',
    );
  });

  it('gives a program up that does not end in time', async () => {
    const { program, hasEnded } = waitingProgram();
    const running = run(program, [], { cwd, signal: never, timeoutMs: 500 });
    await expect(running).rejects.toThrow('did not end in 0.5 s');
    await hasEnded();
  });
});
