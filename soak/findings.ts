import type { Checkpoint } from './measure/checkpoint.js';
import type { ProcessedSpans } from './telemetry/sdk-metrics.js';
import type { SpanCounts } from './telemetry/span-key.js';
import type { Counts } from './workload/ledger.js';

/** Everything that a run has found out. */
export interface Findings {
  readonly messages: number;
  readonly settled: number;
  readonly settledTwice: number;
  readonly counts: Readonly<Counts>;
  /** How many messages the broker has, by topic. */
  readonly written: Readonly<Record<string, number>>;
  readonly startedSpans: number;
  readonly endedSpans: SpanCounts;
  readonly receivedSpans: SpanCounts;
  readonly processedSpans: ProcessedSpans;
  /** What OpenTelemetry, or Node in its warnings, complained of. */
  readonly complaints: readonly string[];
  readonly checkpoints: readonly Checkpoint[];
  readonly seconds: number;
}
