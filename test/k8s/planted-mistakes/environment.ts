import { container, type Mistake, ORDERS, variables } from './plant.js';

export const environment: readonly Mistake[] = [
  {
    of: 'a variable that is missing',
    plant: (all) => delete variables(all)['LOG_LEVEL'],
    message: `Deployment ${ORDERS} does not get LOG_LEVEL, which it reads`,
  },
  {
    of: 'a variable of telemetry that is missing',
    plant: (all) => delete variables(all)['OTEL_SERVICE_NAME'],
    message: `Deployment ${ORDERS} does not get OTEL_SERVICE_NAME, which it reads`,
  },
  {
    of: 'a variable that is unknown',
    plant: (all) => (variables(all)['KAFKA_BROKER'] = 'kafka.messaging.svc.cluster.local:9092'),
    message: `Deployment ${ORDERS} gets KAFKA_BROKER, which is none of its variables (sample/README.md)`,
  },
  {
    of: 'a value that the service does not take',
    plant: (all) => (variables(all)['STARTUP_TIMEOUT_SECONDS'] = '150s'),
    message: `Deployment ${ORDERS}: The environment is not valid. STARTUP_TIMEOUT_SECONDS: expected a whole number of seconds, got "150s"`,
  },
  {
    of: 'a variable of the other service',
    plant: (all) => (variables(all)['DELIVERY_ATTEMPTS'] = '3'),
    message: `Deployment ${ORDERS} gets DELIVERY_ATTEMPTS, which is none of its variables (sample/README.md)`,
  },
  {
    of: 'a broker without a port',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka'),
    message: `Deployment ${ORDERS}: The environment is not valid. KAFKA_BROKERS: expected a comma-separated list of host:port, got "kafka"`,
  },
  {
    of: 'a variable that is given twice',
    plant: (all) => container(all).env!.push({ name: 'POD_NAME', value: 'order-service' }),
    message: `Deployment ${ORDERS} gets POD_NAME twice`,
  },
];
