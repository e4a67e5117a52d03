import { DiagLogLevel, diag, metrics } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { SdkMetrics } from './sdk-metrics.js';
import { SeenSpans } from './seen-spans.js';

// A queue for what all the messages under way leave; of batches, the exporter refuses more than 30 at a time when it is flushed.
const QUEUE = 32_768;
const EXPORT_BATCH = 2_048;

/** A real SDK: it exports over OTLP/HTTP, and everything that it reports is counted. */
export interface Telemetry {
  readonly seen: SeenSpans;
  readonly metrics: SdkMetrics;
  /** What the SDK or the library reported as wrong. */
  readonly reports: readonly string[];
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function startTelemetry(receiverUrl: string): Telemetry {
  const reports: string[] = [];
  listenToReports((report) => reports.length < 20 && reports.push(report));
  const sdkMetrics = new SdkMetrics();
  metrics.setGlobalMeterProvider(sdkMetrics.provider);
  const seen = new SeenSpans();
  const batches = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({
      url: `${receiverUrl}/v1/traces`,
      httpAgentOptions: { keepAlive: true, maxSockets: 1 }, // As many sockets at the end as in the beginning.
    }),
    maxQueueSize: QUEUE,
    maxExportBatchSize: EXPORT_BATCH,
    scheduledDelayMillis: 200,
    selfObsMeterProvider: sdkMetrics.provider,
  });
  const provider = new NodeTracerProvider({ spanProcessors: [seen, batches] });
  provider.register();
  return {
    seen,
    metrics: sdkMetrics,
    reports,
    flush: () => provider.forceFlush(),
    stop: () => provider.shutdown(),
  };
}

const quiet = (): void => {};

function listenToReports(tell: (report: string) => void): void {
  const say = (...words: readonly unknown[]): void => tell(words.map(String).join(' '));
  diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
