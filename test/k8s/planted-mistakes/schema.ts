import { container, type Mistake, ORDERS, service, variables } from './plant.js';

export const schema: readonly Mistake[] = [
  {
    of: 'a field that does not exist',
    plant: (all) => Object.assign(container(all), { readynessProbe: {} }),
    message: `Deployment ${ORDERS}: there is no field spec.template.spec.containers.0.readynessProbe`,
  },
  {
    of: 'a value of a wrong type',
    plant: (all) => Object.assign(all.workload(ORDERS).spec, { replicas: '3' }),
    message: `Deployment ${ORDERS}: data/spec/replicas must be integer`,
  },
  {
    of: 'a field that is missing',
    plant: (all) => delete (service(all).ports![0] as { port?: number }).port,
    message: new RegExp(`Service ${ORDERS}: .*must have required property port`),
  },
  {
    of: 'a kind that does not exist',
    plant: (all) => Object.assign(all.workload(ORDERS), { apiVersion: 'extensions/v1beta1' }),
    message: `Deployment ${ORDERS}: nothing is known of extensions/v1beta1 Deployment`,
  },
  {
    of: 'a field without a value',
    plant: (all) => Object.assign(all.workload(ORDERS).spec, { template: null }),
    message: /^Deployment production\/order-service: .*template/,
  },
  {
    of: 'a number in a ConfigMap',
    plant: (all) => Object.assign(variables(all), { PORT: 3000 }),
    message: /^ConfigMap production\/order-service-\w+: .*data.*PORT must be string/,
  },
];
