import type { Span, Trace } from '../model/span.js';
import { placeSpans } from '../model/span-tree.js';

/** A span and where it stands in the tree of its trace. */
export interface TreeRow {
  readonly span: Span;
  /** The lines that lead to the span. */
  readonly branch: string;
  /** What continues those lines on a further line of the same span. */
  readonly trunk: string;
  /** Its parent is not in the trace: not arrived, not sampled, or lost. */
  readonly orphan: boolean;
}

/** Deeper spans are drawn no further to the right: nobody could read them, and a chain of thousands would fill memory. */
const MAX_INDENTS = 30;

/** The spans of a trace, top down, each below its parent; orphans stand at the root. */
export function treeOf({ spans }: Trace): readonly TreeRow[] {
  /** What leads to the children of the latest span of each depth. */
  const indents: string[] = [];
  return placeSpans(spans).map(({ span, depth, orphan, hasChildren, isLast }) => {
    const level = Math.min(depth, MAX_INDENTS + 1);
    const above = level === 0 ? '' : (indents[level - 1] ?? '');
    const branch = level === 0 ? '' : `${above}${isLast ? '└─ ' : '├─ '}`;
    const deepest = level > MAX_INDENTS;
    const indent = level === 0 || deepest ? above : `${above}${isLast ? '   ' : '│  '}`;
    indents[level] = indent;
    return { span, branch, trunk: indent + (hasChildren ? '│  ' : '   '), orphan };
  });
}
