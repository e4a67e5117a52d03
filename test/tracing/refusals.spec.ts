import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../lib/errors/index.js';
import { attemptUnlessRefused } from '../../lib/tracing/refusals.js';
import { recordReports } from '../support/diag-reports.js';
import { useTracing } from '../support/tracing.js';

const boom = (): never => {
  throw new TypeError('a bug');
};

describe('what is done while an application starts', () => {
  useTracing();

  it('returns what it returns', () => {
    expect(attemptUnlessRefused('work', () => 7)).toBe(7);
  });

  it('has what it refuses go on to the user, unreported', () => {
    const reports = recordReports();
    const refusal = new InvalidOptionError('relation', 'to be known', 'sibling', 'Leave it out.');
    const refuse = () =>
      attemptUnlessRefused('refuse', () => {
        throw refusal;
      });
    expect(refuse).toThrow(refusal);
    expect(reports).toEqual([]);
  });

  it('has whatever else it throws reported, and nothing more', () => {
    const reports = recordReports();
    expect(attemptUnlessRefused('do it', boom)).toBeUndefined();
    expect(reports).toEqual(['nestjs-kafka-tracing failed to do it; messages go their way without it.']);
  });
});
