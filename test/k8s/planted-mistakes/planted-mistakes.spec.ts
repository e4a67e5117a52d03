import { describe, expect, it } from 'vitest';
import { Manifests } from '../../support/k8s/manifests.js';
import { mistakesIn } from '../../support/k8s/mistakes-in.js';
import { render } from '../../support/k8s/render.js';
import { environment } from './environment.js';
import { images } from './images.js';
import { leastTraffic } from './least-traffic.js';
import { lifecycle } from './lifecycle.js';
import { network } from './network.js';
import { podSecurity } from './pod-security.js';
import { ports } from './ports.js';
import { references } from './references.js';
import { replication } from './replication.js';
import { resources } from './resources.js';
import { schema } from './schema.js';
import { selectors } from './selectors.js';
import { telemetry } from './telemetry.js';

const prod = render('sample/k8s/overlays/prod');

describe.each(
  Object.entries({
    environment,
    images,
    leastTraffic,
    lifecycle,
    network,
    podSecurity,
    ports,
    references,
    replication,
    resources,
    schema,
    selectors,
    telemetry,
  }),
)('a planted mistake of %s', (_kind, mistakes) => {
  it.each(mistakes)('$of', ({ plant, message }) => {
    const copy = prod.copy();
    const planted = plant(copy);
    const found = mistakesIn(planted instanceof Manifests ? planted : copy);
    const matching = found.find((one) => (message instanceof RegExp ? message.test(one) : one === message));
    expect(found).toContain(matching ?? message);
  });
});
