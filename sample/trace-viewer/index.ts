export type {
  Attributes,
  AttributeValue,
  Span,
  SpanKind,
  SpanLink,
  SpanReference,
  Trace,
} from './model/span.js';
export { attemptOf, durationOf, exceptionOf, isSameSpan } from './model/span.js';
export { TraceStore, type TraceStoreOptions } from './model/trace-store.js';
export type { AcceptedRequest } from './receiver/receive-traces.js';
export {
  startTraceReceiver,
  type TraceReceiver,
  type TraceReceiverOptions,
} from './receiver/trace-receiver.js';
export { showsColor } from './render/paint.js';
export { LEGEND, renderTrace, type RenderOptions } from './render/render-trace.js';
