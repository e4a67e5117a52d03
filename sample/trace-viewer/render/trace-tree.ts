import type { Span, Trace } from '../model/span.js';

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
const MAX_INDENT = 30 * 3;

/** The spans of a trace, top down, each below its parent; orphans stand at the root. */
export function treeOf({ spans }: Trace): readonly TreeRow[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId));
  const children = childrenIn(spans);
  const shown = new Set<Span>();
  // What is left after the roots are rings, spans that are their own ancestors. Only a faulty sender makes them;
  // each is cut open at its earliest span.
  return [...roots, ...spans].flatMap((top) => rowsFrom(top, children, shown));
}

function childrenIn(spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> {
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.parentSpanId === undefined) continue;
    const siblings = children.get(span.parentSpanId);
    if (siblings) siblings.push(span);
    else children.set(span.parentSpanId, [span]);
  }
  return children;
}

/** Depth first, with a stack of its own: a chain of thousands of spans must not overflow JavaScript's. */
function rowsFrom(
  top: Span,
  children: ReadonlyMap<string, readonly Span[]>,
  shown: Set<Span>,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const waiting = [{ span: top, branch: '', indent: '', orphan: top.parentSpanId !== undefined }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, branch, indent, orphan } = next;
    if (shown.has(span)) continue;
    shown.add(span);
    const below = (children.get(span.spanId) ?? []).filter((child) => !shown.has(child));
    rows.push({ span, branch, trunk: indent + (below.length > 0 ? '│  ' : '   '), orphan });
    for (const child of below.toReversed()) {
      const last = child === below.at(-1);
      waiting.push({
        span: child,
        branch: `${indent}${last ? '└─ ' : '├─ '}`,
        indent: indent.length < MAX_INDENT ? `${indent}${last ? '   ' : '│  '}` : indent,
        orphan: false,
      });
    }
  }
  return rows;
}
