import { container, KAFKA, type Mistake, pod, variables } from './plant.js';

export const data: readonly Mistake[] = [
  {
    of: 'messages that are gone with the pod',
    plant: (all) => (variables(all, KAFKA)['KAFKA_LOG_DIRS'] = '/tmp/kafka-logs'),
    message: `StatefulSet ${KAFKA} keeps /tmp/kafka-logs, which is in no volume that stays`,
  },
  {
    of: 'orders that are gone with the pod',
    plant: (all) => delete all.workload('production/postgres').spec.volumeClaimTemplates,
    message:
      'StatefulSet production/postgres keeps /var/lib/postgresql/data/pgdata, which is in no volume that stays',
  },
  {
    of: 'metrics that are gone with the pod',
    plant: (all) => {
      const { args } = container(all, 'observability/prometheus');
      args![args!.findIndex((word) => word.startsWith('--storage.tsdb.path='))] = '--storage.tsdb.path=/data';
    },
    message: 'StatefulSet observability/prometheus keeps /data, which is in no volume that stays',
  },
  {
    of: 'a volume that its user may not write',
    plant: (all) => delete pod(all, KAFKA).securityContext!.fsGroup,
    message: `StatefulSet ${KAFKA} runs as 1000, and its volumes are of the group undefined`,
  },
];
