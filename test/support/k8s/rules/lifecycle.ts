import { readFileSync } from 'node:fs';
import type { V1Probe } from '@kubernetes/client-node';
import { LEAVES_WITHIN_MS } from '../../../../sample/platform/lifecycle/start-service.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import { isService } from '../services.js';
import type { Rule } from './rule.js';

/** Whether the process itself is well, and whether what it needs is there, too. */
const LIVE = '/health/live';
const READY = '/health/ready';

const DRAIN_SECONDS = Math.ceil(LEAVES_WITHIN_MS / 1000);
const ENTRYPOINT = entrypointOf(readFileSync('sample/Dockerfile', 'utf8'));

/** Every container is probed and started anew; the services are process 1, and have the time that they need to start and to end. */
export const lifecycle: Rule = (manifests) => [
  ...manifests.workloads.flatMap(restarted),
  ...manifests.workloads.flatMap((workload) => (workload.kind === 'Job' ? [] : probed(workload))),
  ...manifests.workloads.flatMap((workload) => (isService(workload) ? ofService(manifests, workload) : [])),
];

function restarted(workload: Workload): readonly string[] {
  const { restartPolicy = 'Always' } = workload.spec.template.spec;
  const isJob = workload.kind === 'Job';
  const isRight = isJob ? restartPolicy !== 'Always' : restartPolicy === 'Always';
  return isRight
    ? []
    : [`${idOf(workload)} has the restartPolicy ${restartPolicy}, which no ${workload.kind} may have`];
}

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
    const {
      name,
      command = [],
      args = [],
      lifecycle,
      ports = [],
      startupProbe,
      livenessProbe,
      readinessProbe,
    } = container;
    const words = [...command, ...args];
    const { PORT, STARTUP_TIMEOUT_SECONDS } = environmentOf(manifests, workload, container);
    const pause = lifecycle?.preStop?.sleep?.seconds ?? 0;
    const mistakes: Readonly<Record<string, boolean>> = {
      [`${name} runs ${words.join(' ')}, and its image ${ENTRYPOINT.join(' ')}`]:
        JSON.stringify(words) !== JSON.stringify(ENTRYPOINT),
      [`${name} is not process 1: the pod shares its processes`]: shareProcessNamespace === true,
      [`${name} is killed ${terminationGracePeriodSeconds} s after the stop, and needs more than ${pause} + ${DRAIN_SECONDS}`]:
        terminationGracePeriodSeconds <= pause + DRAIN_SECONDS,
      [`${name} is given ${seconds(startupProbe)} s to start, and waits for ${STARTUP_TIMEOUT_SECONDS}`]: !(
        seconds(startupProbe) > Number(STARTUP_TIMEOUT_SECONDS)
      ),
      [`${name} is restarted where ${livenessProbe?.httpGet?.path} fails, which asks others`]:
        livenessProbe?.httpGet?.path !== LIVE || startupProbe?.httpGet?.path !== LIVE,
      [`${name} gets requests where ${readinessProbe?.httpGet?.path} succeeds, which asks nobody`]:
        readinessProbe?.httpGet?.path !== READY,
      [`${name} pauses before its stop by a command, which may take as long as it likes`]:
        lifecycle?.preStop?.exec !== undefined,
      [`${name} listens on ${PORT}, which is not its containerPort`]:
        ports[0]?.containerPort !== Number(PORT),
    };
    return Object.keys(mistakes)
      .filter((mistake) => mistakes[mistake])
      .map((mistake) => `${idOf(workload)}: ${mistake}`);
  });
  return [...before, ...during];
}

/** What the image runs, as process 1. */
function entrypointOf(dockerfile: string): readonly string[] {
  const [, words = '[]'] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
  return JSON.parse(words) as readonly string[];
}

function seconds(probe: V1Probe | undefined): number {
  return (probe?.failureThreshold ?? 0) * (probe?.periodSeconds ?? 10);
}
