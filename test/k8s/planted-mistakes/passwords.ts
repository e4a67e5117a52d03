import type { Manifests } from '../../support/k8s/manifests.js';
import { container, type Mistake, ORDERS } from './plant.js';

export const passwords: readonly Mistake[] = [
  {
    of: 'a password that the server was not told',
    plant: (all) => (secret(all)['ORDERS_PASSWORD'] = base64('another')),
    message: `Deployment ${ORDERS} signs in with another password than ORDERS_PASSWORD`,
  },
  {
    of: 'the database of another service',
    plant: (all) =>
      (container(all).env!.find(({ name }) => name === 'DATABASE_URL')!.valueFrom!.secretKeyRef!.key =
        'NOTIFICATIONS_URL'),
    message: `Deployment ${ORDERS} signs in to the database notifications as notifications, and has orders`,
  },
];

function secret(all: Manifests): Record<string, string> {
  const { name } = container(all).env!.find((one) => one.name === 'DATABASE_URL')!.valueFrom!.secretKeyRef!;
  return all.get('Secret', `production/${name}`).data!;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
