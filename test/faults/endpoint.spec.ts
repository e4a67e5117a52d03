import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as library from 'nestjs-kafka-tracing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Messaging,
  type MessagingOutcome,
  messagingOutcome,
  useMessagingTopics,
} from '../support/messaging.js';
import {
  type Endpoint,
  endpointThatAnswersGarbage,
  endpointThatIsDown,
  endpointThatIsNoHttpServer,
  refusingEndpoint,
  slowEndpoint,
} from '../support/otlp-endpoint.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { useCoordinators } from '../support/transactions.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 300;

/** Of the whole run beside that deadline: to leave the groups, and to ask what they have committed. */
const OF_KAFKA_MS = 4_000;

const ENDPOINTS: readonly (readonly [how: string, start: () => Promise<Endpoint>])[] = [
  ['down', endpointThatIsDown],
  ['slow (30 s)', () => slowEndpoint(30_000)],
  ['refusing, for now (503)', () => refusingEndpoint(503)],
  ['refusing, for ever (401)', () => refusingEndpoint(401)],
  ['returning garbage', endpointThatAnswersGarbage],
  ['returning garbage that is not even HTTP', endpointThatIsNoHttpServer],
];

describe('messages are delivered and handled exactly as without the module', () => {
  useTracing({ tracerProvider: false });
  useCoordinators();
  const freshTopics = useMessagingTopics(ENDPOINTS.length + 1);
  let without: MessagingOutcome;

  beforeAll(async () => {
    without = await messagingOutcome(freshTopics());
  });

  it.each(ENDPOINTS)('and at once, with the OTLP end point %s', async (how, start) => {
    const endpoint = await start();
    exportTo(endpoint.url);
    const messaging = await Messaging.start(freshTopics(), {
      library,
      options: { shutdownTimeoutMs: DEADLINE_MS },
    });

    const round = await messaging.round();
    if (how !== 'down') {
      await until('something was exported', () => endpoint.asked() > 0);
    }
    const started = performance.now();
    const committed = await messaging.close();

    expect({ ...round, committed }).toEqual(without);
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS + OF_KAFKA_MS);
    expect(how.startsWith('slow') ? endpoint.answered() : 0, 'answers that were waited for').toBe(0);
  });
});

function exportTo(url: string): void {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: 60_000 });
  const spanProcessors = [
    new BatchSpanProcessor(exporter, { scheduledDelayMillis: 10, exportTimeoutMillis: 60_000 }),
  ];
  const provider = new BasicTracerProvider({ spanProcessors });
  trace.setGlobalTracerProvider(provider);
  // Not awaited: it waits for the end point as long as it may.
  afterTest(() => void provider.shutdown().catch(() => {}));
}
