import protobuf from 'protobufjs';

/**
 * What is counted of an ExportTraceServiceRequest of OTLP v1. What is not named here is skipped on the wire, where the sample's
 * receiver would read it: that takes a machine's core of its own.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto
 */
export const CountedRequest = protobuf
  .parse(
    `
  syntax = "proto3";

  message CountedRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { repeated ScopeSpans scope_spans = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { string name = 5; int32 kind = 6; Status status = 15; }
  message Status { int32 code = 3; }
`,
  )
  .root.lookupType('CountedRequest');
