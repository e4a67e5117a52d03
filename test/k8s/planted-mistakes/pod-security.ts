import { container, KAFKA, type Mistake, ORDERS, pod } from './plant.js';

export const podSecurity: readonly Mistake[] = [
  {
    of: 'a container that may run as root',
    plant: (all) => delete pod(all).securityContext!.runAsNonRoot,
    message: `Deployment ${ORDERS}: order-service may run as root`,
  },
  {
    of: 'a user that is root',
    plant: (all) => (container(all).securityContext!.runAsUser = 0),
    message: `Deployment ${ORDERS}: order-service may run as root`,
  },
  {
    of: 'a container that may gain privileges',
    plant: (all) => delete container(all).securityContext!.allowPrivilegeEscalation,
    message: `Deployment ${ORDERS}: order-service may gain privileges`,
  },
  {
    of: 'capabilities that are kept',
    plant: (all) => (container(all).securityContext!.capabilities = { drop: ['ALL'], add: ['NET_ADMIN'] }),
    message: `Deployment ${ORDERS}: order-service keeps capabilities`,
  },
  {
    of: 'no seccomp profile',
    plant: (all) => delete pod(all).securityContext!.seccompProfile,
    message: `Deployment ${ORDERS}: order-service has no seccomp profile`,
  },
  {
    of: 'a setting of the kernel',
    plant: (all) => (pod(all).securityContext!.sysctls = [{ name: 'kernel.msgmax', value: '1' }]),
    message: `Deployment ${ORDERS}: order-service has sysctls, which nothing here needs`,
  },
  {
    of: 'a folder of the node',
    plant: (all) => (pod(all, KAFKA).volumes = [{ name: 'host', hostPath: { path: '/' } }]),
    message: `StatefulSet ${KAFKA}: the volume host is a hostPath, which is not allowed`,
  },
  {
    of: 'the network of the node',
    plant: (all) => (pod(all).hostNetwork = true),
    message: `Deployment ${ORDERS}: hostNetwork is not allowed`,
  },
  {
    of: 'a port of the node',
    plant: (all) => (container(all).ports![0]!.hostPort = 80),
    message: `Deployment ${ORDERS}: order-service opens a port of its node`,
  },
  {
    of: 'a root file system that a service may write',
    plant: (all) => delete container(all).securityContext!.readOnlyRootFilesystem,
    message: `Deployment ${ORDERS}: order-service may write its root file system`,
  },
  {
    of: 'a namespace that does not enforce the standard',
    plant: (all) =>
      (all.get('Namespace', 'production').metadata.labels!['pod-security.kubernetes.io/enforce'] =
        'baseline'),
    message: 'Namespace production does not enforce the Pod Security Standard restricted',
  },
  {
    of: 'a probe of another host',
    plant: (all) => (container(all).readinessProbe!.httpGet!.host = 'example.com'),
    message: `Deployment ${ORDERS}: order-service has a probe or hook that asks another host`,
  },
];
