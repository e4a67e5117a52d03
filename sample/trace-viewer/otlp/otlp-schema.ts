import protobuf from 'protobufjs';

/**
 * The part of OTLP v1 that carries traces, and of metrics gauges. On the wire only field numbers and types count, so what nobody here
 * reads is left out, and enums are plain integers: a value added later cannot make a message unreadable.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto
 */
const otlp = protobuf.parse(`
  syntax = "proto3";

  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
  message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }

  message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }

  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; }
  message InstrumentationScope { string name = 1; string version = 2; }

  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    repeated Link links = 13;
    Status status = 15;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }

  message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric { string name = 1; Gauge gauge = 5; }
  message Gauge { repeated NumberDataPoint data_points = 1; }
  message NumberDataPoint {
    fixed64 time_unix_nano = 3;
    repeated KeyValue attributes = 7;
    oneof value { double as_double = 4; sfixed64 as_int = 6; }
  }

  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
      ArrayValue array_value = 5;
      KeyValueList kvlist_value = 6;
      bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }

  // google.rpc.Status, the body of every refusal.
  message RpcStatus { int32 code = 1; string message = 2; }
`).root;

export const TracesRequest = otlp.lookupType('ExportTraceServiceRequest');
export const MetricsRequest = otlp.lookupType('ExportMetricsServiceRequest');
/** Of both signals: what was rejected has the same field number in each, spans or data points. */
export const ExportResponse = otlp.lookupType('ExportTraceServiceResponse');
export const RpcStatus = otlp.lookupType('RpcStatus');
