import { container, type Mistake, ORDERS, service, variables } from './plant.js';

export const ports: readonly Mistake[] = [
  {
    of: 'a Service with a port that no pod opens',
    plant: (all) => (service(all).ports![0]!.targetPort = 8080),
    message: `Service ${ORDERS} leads to the port 8080 by TCP, which Deployment ${ORDERS} does not open`,
  },
  {
    of: 'a probe of a port that the pod does not open',
    plant: (all) => (container(all).readinessProbe!.httpGet!.port = 'web'),
    message: `A probe of Deployment ${ORDERS} asks the port web, which it does not open`,
  },
  {
    of: 'a port that the service does not listen on',
    plant: (all) => (variables(all)['PORT'] = '8080'),
    message: `Deployment ${ORDERS}: order-service listens on 8080, which is not its containerPort`,
  },
  {
    of: 'a Service by a protocol that no pod speaks',
    plant: (all) => (service(all).ports![0]!.protocol = 'UDP'),
    message: `Service ${ORDERS} leads to the port http by UDP, which Deployment ${ORDERS} does not open`,
  },
  {
    of: 'a hook that asks a port that the pod does not open',
    plant: (all) => (container(all).lifecycle!.preStop = { httpGet: { path: '/', port: 'web' } }),
    message: `A hook of Deployment ${ORDERS} asks the port web, which it does not open`,
  },
];
