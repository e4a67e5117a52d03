import { filesOf, type Mistake, replaceIn } from './plant.js';

export const tempo: readonly Mistake[] = [
  planted(
    'a receiver that listens to itself only',
    '0.0.0.0:4317',
    'localhost:4317',
    'it listens on localhost:4317, which its pod does not open',
  ),
  planted(
    'a port that its pod does not open',
    'http_listen_port: 3200',
    'http_listen_port: 80',
    'it listens on 0.0.0.0:80, which its pod does not open',
  ),
  planted(
    'traces that are gone with the pod',
    '/var/tempo/blocks',
    '/tmp/blocks',
    'it keeps traces in /tmp/blocks, which is in no volume that stays',
  ),
  planted(
    'a setting that is mistyped',
    'http_listen_port',
    'http_port',
    'the setting server.http_port is not known',
  ),
];

function planted(of: string, text: string, by: string, message: string): Mistake {
  return {
    of,
    plant: (all) => replaceIn(filesOf(all, 'observability/tempo'), 'tempo-config.yaml', text, by),
    message: `StatefulSet observability/tempo: ${message}`,
  };
}
