import { container, type Mistake, ORDERS } from './plant.js';

export const resources: readonly Mistake[] = [
  {
    of: 'no memory that is asked for',
    plant: (all) => delete container(all).resources!.requests!['memory'],
    message: `Deployment ${ORDERS}: order-service has no requests.memory`,
  },
  {
    of: 'no limit of memory',
    plant: (all) => delete container(all).resources!.limits,
    message: `Deployment ${ORDERS}: order-service has no limits.memory`,
  },
  {
    of: 'a quantity that is none',
    plant: (all) => (container(all).resources!.limits!['memory'] = '512MB'),
    message: /^Deployment production\/order-service: .*limits\/memory/,
  },
  {
    of: 'more that is asked for than allowed',
    plant: (all) => (container(all).resources!.requests!['memory'] = '1Gi'),
    message: `Deployment ${ORDERS}: order-service has requests.memory of 1Gi, more than its limit`,
  },
];
