import type { Manifests } from './manifests.js';
import { brokers } from './rules/brokers.js';
import { collector } from './rules/collector.js';
import { data } from './rules/data.js';
import { disruption } from './rules/disruption.js';
import { environment } from './rules/environment.js';
import { images } from './rules/images.js';
import { kubernetesApi } from './rules/kubernetes-api.js';
import { leastTraffic } from './rules/least-traffic.js';
import { lifecycle } from './rules/lifecycle.js';
import { network } from './rules/network.js';
import { passwords } from './rules/passwords.js';
import { podSecurity } from './rules/pod-security.js';
import { ports } from './rules/ports.js';
import { references } from './rules/references.js';
import { replication } from './rules/replication.js';
import { resources } from './rules/resources.js';
import type { Rule } from './rules/rule.js';
import { schema } from './rules/schema.js';
import { selectors } from './rules/selectors.js';
import { telemetry } from './rules/telemetry.js';
import { tempo } from './rules/tempo.js';
import { topics } from './rules/topics.js';

/** They expect objects that are valid. */
const RULES: readonly Rule[] = [
  selectors,
  ports,
  references,
  network,
  leastTraffic,
  kubernetesApi,
  images,
  podSecurity,
  resources,
  telemetry,
  collector,
  tempo,
  brokers,
  replication,
  data,
  passwords,
  disruption,
  topics,
  lifecycle,
  environment,
];

/** All that can be known to be wrong without a cluster, one sentence each. */
export function mistakesIn(manifests: Manifests): readonly string[] {
  const invalid = schema(manifests);
  return invalid.length > 0 ? invalid : [...new Set(RULES.flatMap((rule) => rule(manifests)))];
}
