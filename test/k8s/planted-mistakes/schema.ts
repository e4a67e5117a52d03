import { container, type Mistake, ORDERS, service } from './plant.js';

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
];
