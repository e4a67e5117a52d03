import { describe, expect, it } from 'vitest';
import { serviceEnvironment } from '../../../sample/runner/service-environment.js';

describe('serviceEnvironment', () => {
  const settings = {
    name: 'order-service',
    brokers: ['a:1', 'b:2'],
    receiverUrl: 'http://127.0.0.1:1',
    metrics: false,
    relation: 'link',
  } as const;

  it('tells a service where Kafka and the receiver are', () => {
    expect(serviceEnvironment(settings, { PATH: '/bin' })).toMatchObject({
      PATH: '/bin',
      KAFKA_BROKERS: 'a:1,b:2',
      OTEL_SERVICE_NAME: 'order-service',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_METRICS_EXPORTER: 'none',
      KAFKA_TRACE_RELATION: 'link',
    });
  });

  it('lets nothing through that would send spans, rows or mails elsewhere, or sample spans away', () => {
    const ours = {
      OTEL_SDK_DISABLED: 'true',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
      DATABASE_URL: 'postgres://production',
      SMTP_URL: 'smtp://production',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=laptop',
    };
    const env = serviceEnvironment(settings, ours);
    expect(Object.keys(ours).filter((name) => name in env)).toEqual(['OTEL_RESOURCE_ATTRIBUTES']);
  });
});
