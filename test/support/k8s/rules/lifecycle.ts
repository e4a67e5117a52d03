import type { V1Probe } from '@kubernetes/client-node';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import { isService } from '../services.js';
import type { Rule } from './rule.js';

/** What a service of the sample may take for its end (start-service.ts). */
const DRAIN_SECONDS = 10;

/** Every container is probed; the services are process 1, and have the time that they need to start and to end. */
export const lifecycle: Rule = (manifests) => [
  ...manifests.workloads.flatMap((workload) => (workload.kind === 'Job' ? [] : probed(workload))),
  ...manifests.workloads.flatMap((workload) => (isService(workload) ? ofService(manifests, workload) : [])),
];

function probed(workload: Workload): readonly string[] {
  return containersOf(workload).flatMap(({ name, readinessProbe, livenessProbe }) => [
    ...(readinessProbe ? [] : [`${idOf(workload)}: ${name} has no readiness probe`]),
    ...(livenessProbe ? [] : [`${idOf(workload)}: ${name} has no liveness probe`]),
  ]);
}

function ofService(manifests: Manifests, workload: Workload): readonly string[] {
  const { spec } = workload.spec.template;
  const { terminationGracePeriodSeconds = 30, shareProcessNamespace, initContainers = [], containers } = spec;
  const before = initContainers.map(
    ({ name }) => `${idOf(workload)}: ${name} runs before the service, which waits for what it needs itself`,
  );
  const during = containers.flatMap((container) => {
    const { name, command = [], lifecycle, ports = [], startupProbe } = container;
    const { PORT, STARTUP_TIMEOUT_SECONDS } = environmentOf(manifests, workload, container);
    const pause = lifecycle?.preStop?.sleep?.seconds ?? 0;
    const mistakes: Readonly<Record<string, boolean>> = {
      [`${name} runs ${command[0]}, and node is not process 1`]:
        command[0] !== 'node' || shareProcessNamespace === true,
      [`${name} is killed ${terminationGracePeriodSeconds} s after the stop, and needs more than ${pause} + ${DRAIN_SECONDS}`]:
        terminationGracePeriodSeconds <= pause + DRAIN_SECONDS,
      [`${name} is given ${seconds(startupProbe)} s to start, and waits for ${STARTUP_TIMEOUT_SECONDS}`]: !(
        seconds(startupProbe) > Number(STARTUP_TIMEOUT_SECONDS)
      ),
      [`${name} listens on ${PORT}, which is not its containerPort`]:
        ports[0]?.containerPort !== Number(PORT),
    };
    return Object.keys(mistakes)
      .filter((mistake) => mistakes[mistake])
      .map((mistake) => `${idOf(workload)}: ${mistake}`);
  });
  return [...before, ...during];
}

function seconds(probe: V1Probe | undefined): number {
  return (probe?.failureThreshold ?? 0) * (probe?.periodSeconds ?? 10);
}
