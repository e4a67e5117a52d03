import type { TimeScale } from './time-scale.js';

/** What all lines of a waterfall need to know. */
export interface WaterfallState {
  readonly traceId: string;
  readonly scale: TimeScale;
  readonly cursor: string | undefined;
  /** The service of the line above, so that a name is written where it changes. */
  serviceAbove(index: number): string | undefined;
}
