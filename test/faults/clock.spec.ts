import * as library from 'nestjs-kafka-tracing';
import { describe, expect, it, vi } from 'vitest';
import { recordWarnings } from '../support/diag-reports.js';
import { type MessagingOutcome, messagingOutcome, useMessagingTopics } from '../support/messaging.js';
import { useMetrics } from '../support/metrics.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { useCoordinators } from '../support/transactions.js';

const HOUR = 3_600_000;

const CLOCKS = [
  ['Date.now', [Date]],
  ['performance.now', [performance]],
  ['Date.now and performance.now', [Date, performance]],
] as const;

describe('messages are delivered and handled exactly as without the module', () => {
  const spans = useTracing();
  const recorded = useMetrics();
  useCoordinators();
  const freshTopics = useMessagingTopics(2 * CLOCKS.length);

  /** From the first message on, in the middle of its handling, all messages have timestamps that lie in the future. */
  async function outcomeWithClocksSetBack(
    clocks: readonly Clock[],
    isTraced: boolean,
  ): Promise<MessagingOutcome> {
    const setBack = vi.fn(() => clocks.forEach((clock) => setBackByAnHour(clock)));
    try {
      const outcome = await messagingOutcome(freshTopics(), {
        ...(isTraced ? { library } : {}),
        duringHandling: ({ times }) => void (times === 1 && setBack()),
      });
      expect(setBack).toHaveBeenCalledOnce();
      return outcome;
    } finally {
      vi.restoreAllMocks();
    }
  }

  it.each(CLOCKS)(
    'with the clock going backwards by an hour in the middle of handling: %s',
    async (_which, clocks) => {
      const warnings = recordWarnings();
      afterTest(() => vi.restoreAllMocks());

      const outcome = await outcomeWithClocksSetBack(clocks, true);

      expect(outcome).toEqual(await outcomeWithClocksSetBack(clocks, false));
      expect(spans.finished.filter(({ duration: [seconds, nanos] }) => seconds < 0 || nanos < 0)).toEqual([]);
      expect(warnings.filter((warning) => warning.includes('negative value'))).toEqual([]); // The SDK drops those.
      const durations = Object.entries(await recorded.collect()).filter(([name]) =>
        name.endsWith('.duration'),
      );
      expect(durations.map(([name]) => name)).toHaveLength(3);
      for (const { value, sum } of durations.flatMap(([, { points }]) => points)) {
        expect(value).toBeGreaterThan(0);
        expect(sum).toBeGreaterThanOrEqual(0);
      }
    },
  );
});

type Clock = Pick<typeof Date, 'now'>;

function setBackByAnHour(clock: Clock): void {
  const now = clock.now.bind(clock);
  vi.spyOn(clock, 'now').mockImplementation(() => now() - HOUR);
}
