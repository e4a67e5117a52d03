import { describe, expect, it } from 'vitest';
import { readUserEndpoint } from '../../../sample/runner/user-endpoint.js';

describe('readUserEndpoint', () => {
  it('wants nothing when nothing is set', () => {
    expect(readUserEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual({});
  });

  it('adds the path to the general endpoint, and takes that of the signal as it is', () => {
    const general = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
    expect(readUserEndpoint(general).endpoint?.url).toBe('http://collector:4318/v1/traces');
    const ofSignal = { ...general, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://tempo/otlp/v1/traces' };
    expect(readUserEndpoint(ofSignal).endpoint?.url).toBe('https://tempo/otlp/v1/traces');
  });

  it('reads headers, those of the signal over the general ones', () => {
    const { endpoint } = readUserEndpoint({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc==, x-scope=one,broken, bad=%zz',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-scope=two',
    });
    expect(endpoint?.headers).toEqual({ authorization: 'Basic abc==', 'x-scope': 'two', bad: '%zz' });
  });

  it('says that it does not speak gRPC, and that an address is none', () => {
    expect(
      readUserEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
        .problem,
    ).toBe(
      'Spans are not sent to http://c:4317: this sample forwards over HTTP only, and the protocol is grpc',
    );
    expect(readUserEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toEqual({
      problem:
        'Spans are not sent to collector:4317: expected an address that starts with http:// or https://',
    });
  });
});
