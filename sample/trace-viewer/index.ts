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
export { type StoreChange, TraceStore, type TraceStoreOptions } from './model/trace-store.js';
export type { Answer, Routes } from './http/route.js';
export { RefusalError } from './http/refusal.error.js';
export { answerJson, answerProblem } from './http/answers.js';
export { readBody } from './http/read-body.js';
export { LagStore } from './model/lag-store.js';
export { joinedTraces } from './model/joined-traces.js';
export type { AcceptedRequest } from './receiver/receive-export.js';
export {
  startTraceReceiver,
  type TraceReceiver,
  type TraceReceiverOptions,
} from './receiver/trace-receiver.js';
export { showsColor } from './render/paint.js';
export { LEGEND, renderTrace, type RenderOptions } from './render/render-trace.js';
