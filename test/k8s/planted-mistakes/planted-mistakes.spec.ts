import { describe, expect, it } from 'vitest';
import { Manifests } from '../../support/k8s/manifests.js';
import { mistakesIn } from '../../support/k8s/mistakes-in.js';
import { render } from '../../support/k8s/render.js';
import { brokers } from './brokers.js';
import { collector } from './collector.js';
import { data } from './data.js';
import { disruption } from './disruption.js';
import { environment } from './environment.js';
import { images } from './images.js';
import { kubernetesApi } from './kubernetes-api.js';
import { leastTraffic } from './least-traffic.js';
import { lifecycle } from './lifecycle.js';
import { network } from './network.js';
import { passwords } from './passwords.js';
import { podSecurity } from './pod-security.js';
import { ports } from './ports.js';
import { references } from './references.js';
import { replication } from './replication.js';
import { resources } from './resources.js';
import { schema } from './schema.js';
import { selectors } from './selectors.js';
import { telemetry } from './telemetry.js';
import { tempo } from './tempo.js';

const overlays = ['dev', 'prod'].map((name) => ({ name, manifests: render(`sample/k8s/overlays/${name}`) }));

describe.each(overlays)('a mistake that is planted in $name', ({ name, manifests }) => {
  const kinds = {
    brokers,
    collector,
    data,
    disruption,
    environment,
    images,
    kubernetesApi,
    leastTraffic,
    lifecycle,
    network,
    passwords,
    podSecurity,
    ports,
    references,
    replication,
    resources,
    schema,
    selectors,
    telemetry,
    tempo,
  };
  const planted = Object.entries(kinds).flatMap(([kind, mistakes]) =>
    mistakes.map((mistake) => ({ kind, ...mistake })),
  );

  it.each(planted.filter((mistake) => mistake.in?.includes(name) ?? true))(
    'is found: $kind, $of',
    ({ plant, message }) => {
      const copy = manifests.copy();
      const changed = plant(copy);
      const found = mistakesIn(changed instanceof Manifests ? changed : copy);
      const matching = found.find((one) => (message instanceof RegExp ? message.test(one) : one === message));
      expect(found).toContain(matching ?? message);
    },
  );
});
