import { KAFKA, type Mistake, ORDERS, pod, without } from './plant.js';

const mistakes: readonly Mistake[] = [
  {
    of: 'no disruption budget',
    plant: (all) => without(all, 'PodDisruptionBudget', ORDERS),
    message: `Deployment ${ORDERS} has disruption budgets: 0`,
  },
  {
    of: 'a disruption budget that lets none be away',
    plant: (all) => (all.get('PodDisruptionBudget', KAFKA).spec.maxUnavailable = 0),
    message: `PodDisruptionBudget ${KAFKA} does not let one pod be away at a time: maxUnavailable has to be 1`,
  },
  {
    of: 'a disruption budget that lets all be away',
    plant: (all) => (all.get('PodDisruptionBudget', KAFKA).spec.maxUnavailable = '100%'),
    message: `PodDisruptionBudget ${KAFKA} does not let one pod be away at a time: maxUnavailable has to be 1`,
  },
  {
    of: 'pods that may all be on one node',
    plant: (all) => delete pod(all, KAFKA).topologySpreadConstraints,
    message: `StatefulSet ${KAFKA} may have all its pods on one node`,
  },
  {
    of: 'pods that are spread over something else',
    plant: (all) => (pod(all).topologySpreadConstraints![0]!.topologyKey = 'hostname'),
    message: `Deployment ${ORDERS} may have all its pods on one node`,
  },
  {
    of: 'two brokers on one node where there are too few',
    plant: (all) => delete pod(all, KAFKA).topologySpreadConstraints![0]!.minDomains,
    message: `StatefulSet ${KAFKA} may have two pods on one node`,
  },
  {
    of: 'two brokers on one node where another one is full',
    plant: (all) => (pod(all, KAFKA).topologySpreadConstraints![0]!.whenUnsatisfiable = 'ScheduleAnyway'),
    message: `StatefulSet ${KAFKA} may have two pods on one node`,
  },
];

/** Of one pod alone there is nothing to keep. */
export const disruption = mistakes.map((mistake) => ({ ...mistake, in: ['prod'] }));
