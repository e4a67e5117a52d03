import type { Relation } from './arguments.js';
import { DELIVERY_ATTEMPTS } from './expected-traces.js';

export interface ServiceSettings {
  readonly name: string;
  readonly brokers: readonly string[];
  readonly receiverUrl: string;
  /** Whether somebody looks at metrics. */
  readonly metrics: boolean;
  readonly relation: Relation;
}

/** What the user may still decide about the services' telemetry; the rest is what this sample shows. */
const KEPT = new Set(['OTEL_LOG_LEVEL', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SEMCONV_STABILITY_OPT_IN']);
/** A sample writes to nobody's database, and sends nobody mail. */
const DROPPED = new Set(['DATABASE_URL', 'SMTP_URL']);

/** The environment of a service: ours, but for what would send its spans, rows or mails elsewhere. */
export function serviceEnvironment(
  { name, brokers, receiverUrl, metrics, relation }: ServiceSettings,
  ours: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(ours).filter(
    ([variable]) => !DROPPED.has(variable) && (!variable.startsWith('OTEL_') || KEPT.has(variable)),
  );
  return {
    ...Object.fromEntries(inherited),
    PORT: '0',
    DATA_DIR: 'memory://',
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TRACE_RELATION: relation,
    STARTUP_TIMEOUT_SECONDS: '30',
    DELIVERY_ATTEMPTS: String(DELIVERY_ATTEMPTS),
    OTEL_SERVICE_NAME: name,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: metrics ? 'otlp' : 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiverUrl,
    // The defaults of five seconds, and of a minute, are for production; somebody is waiting here.
    OTEL_BSP_SCHEDULE_DELAY: '200',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
  };
}
