import type { Findings } from '../findings.js';
import { countVerdicts } from './count-verdicts.js';
import { fateVerdict } from './fate-verdict.js';
import { type HeapBound, growthVerdicts } from './growth-verdicts.js';
import type { Verdict } from './verdict.js';

/** A megabyte over a million messages is a byte for each: less than anything that leaks with every thousandth of them. */
const FLAT: HeapBound = { megabytes: 1 };
/** In a short run V8 still compiles. A span that leaks with each message takes several times as much. */
const NEARLY_FLAT: HeapBound = { megabytes: 10 };

/** Everything that a run is judged by; nothing of it is a time. */
export function verdictsOn(findings: Findings, isShort: boolean): readonly Verdict[] {
  return [
    fateVerdict(findings),
    ...countVerdicts(findings),
    ...growthVerdicts(findings.checkpoints, isShort ? NEARLY_FLAT : FLAT),
  ];
}
