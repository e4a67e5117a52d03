/** Whether something holds that a run was made to find out. */
export interface Verdict {
  /** What should hold, in words. */
  readonly claim: string;
  readonly holds: boolean;
  /** What was found. */
  readonly found: string;
}

export function verdict(claim: string, holds: boolean, found: string): Verdict {
  return { claim, holds, found };
}
