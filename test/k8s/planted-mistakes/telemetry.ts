import { collectorFiles, type Mistake, ORDERS, replaceIn, variables } from './plant.js';

const ENDPOINT = 'http://otel-collector.observability.svc.cluster.local';
export const telemetry: readonly Mistake[] = [
  {
    of: 'a protocol that is not that of the port',
    plant: (all) => (variables(all)['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc'),
    message: `Deployment ${ORDERS} sends grpc to ${ENDPOINT}:4318, which is the port of http/protobuf`,
  },
  {
    of: 'a port that is not that of the protocol',
    plant: (all) => (variables(all)['OTEL_EXPORTER_OTLP_ENDPOINT'] = `${ENDPOINT}:4317`),
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT}:4317, which is the port of grpc`,
  },
  {
    of: 'TLS, which the Collector does not speak',
    plant: (all) =>
      (variables(all)['OTEL_EXPORTER_OTLP_ENDPOINT'] = `${ENDPOINT.replace('http:', 'https:')}:4318`),
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT.replace('http:', 'https:')}:4318, where nobody speaks TLS`,
  },
  {
    of: 'a path that the SDK adds itself',
    plant: (all) => (variables(all)['OTEL_EXPORTER_OTLP_ENDPOINT'] = `${ENDPOINT}:4318/v1/traces`),
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT}:4318/v1/traces, and /v1/traces is put before the SDK's own /v1/traces`,
  },
  {
    of: 'a receiver that listens to itself only',
    plant: (all) => replaceIn(collectorFiles(all), 'otel-collector.yaml', '0.0.0.0:4318', 'localhost:4318'),
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT}:4318, where nobody takes it`,
  },
];
