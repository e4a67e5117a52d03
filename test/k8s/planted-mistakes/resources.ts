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
    message: `Deployment ${ORDERS}: order-service has 512MB limits.memory`,
  },
];
