import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK, type NodeSDKConfiguration, resources } from '@opentelemetry/sdk-node';
import { isHealthCheck } from '../health/is-health-check.js';
import { reasonOf } from '../lifecycle/error-reason.js';
import { nameSpanAfterRoute } from './http-route.js';
import { logTelemetryProblems } from './telemetry-log.js';

type Signal = 'TRACES' | 'METRICS' | 'LOGS';

const FLUSH_DEADLINE_MS = 3000;
/** A thousand orders at once are three thousand spans, of which the SDK by itself would drop a third: it keeps 2048. */
const MOST_WAITING_SPANS = '16384';

let sdk: NodeSDK | undefined;

/** Starts OpenTelemetry, configured by the standard `OTEL_*` variables; `serviceName` is only a default. */
export function startTelemetry(serviceName: string): void {
  logTelemetryProblems();
  process.env['OTEL_BSP_MAX_QUEUE_SIZE'] ||= MOST_WAITING_SPANS;
  sdk = new NodeSDK({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': serviceName })),
    instrumentations: [
      new HttpInstrumentation({
        responseHook: nameSpanAfterRoute,
        ignoreIncomingRequestHook: isHealthCheck,
      }),
    ],
    ...withoutUnwantedExports(),
  });
  sdk.start();
  // The instrumentation patches `http` when it is *required*. No import ever does that, so it is done here.
  createRequire(import.meta.url)('node:http');
}

/** Tells in the log where spans go when that is nowhere. */
export function announceTelemetry(): void {
  if (!sdk || isExported('TRACES')) return;
  new Logger('Telemetry').log(
    'Spans are not exported. Set OTEL_EXPORTER_OTLP_ENDPOINT to send them somewhere.',
  );
}

/** Exports what is still waiting; never rejects, and gives up after three seconds when no collector answers. */
export async function stopTelemetry(): Promise<void> {
  const stopping = sdk;
  sdk = undefined;
  if (!stopping) return;
  const failure = await Promise.race([
    stopping.shutdown().then(
      () => undefined,
      (error: unknown) => reasonOf(error),
    ),
    delay(FLUSH_DEADLINE_MS, 'the collector does not answer', { ref: false }),
  ]);
  if (failure !== undefined) new Logger('Telemetry').warn(`The last spans may be lost: ${failure}`);
}

/**
 * Left alone, the SDK exports all three signals to localhost:4318. A service that was given no endpoint keeps
 * everything to itself instead, and still gives its spans ids, which the correlation header needs.
 */
function withoutUnwantedExports(): Partial<NodeSDKConfiguration> {
  const configuration: Partial<NodeSDKConfiguration> = {};
  if (!isExported('TRACES')) configuration.spanProcessors = [spansStayHere];
  if (!isExported('METRICS')) configuration.metricReaders = [];
  if (!isExported('LOGS')) configuration.logRecordProcessors = [];
  return configuration;
}

function isExported(signal: Signal): boolean {
  return [
    `OTEL_${signal}_EXPORTER`,
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ].some((variable) => Boolean(process.env[variable]));
}

const spansStayHere = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
