import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';

type PortRange = readonly [first: number, last: number];

const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 65_535;
const ATTEMPTS = 200;

/** Ports given out in this process: two brokers that start side by side must not be offered the same one. */
const givenOut = new Set<number>();

/**
 * Finds ports on 127.0.0.1 that nobody listens on, outside the range from which the system takes ports for
 * outgoing connections: inside it, any client could take a port between our look and the broker's bind.
 * Still only a guess, another process may be faster: the caller tries again with others.
 *
 * @param except a port that is spoken for already
 *
 * @internal
 */
export async function findFreePorts(count: number, except?: number): Promise<number[]> {
  const [first, last] = portsOutside(ephemeralPorts());
  const found: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && found.length < count; attempt++) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if (port !== except && !givenOut.has(port) && (await isFree(port))) {
      givenOut.add(port);
      found.push(port);
    }
  }
  if (found.length < count) {
    throw new EmbeddedKafkaError(
      'EMBEDDED_KAFKA_PORT_TAKEN',
      `No free port on 127.0.0.1 in ${ATTEMPTS} attempts between ${first} and ${last}.`,
      'Stop what listens there.',
    );
  }
  return found;
}

/** @internal */
export function giveBack(ports: readonly number[]): void {
  ports.forEach((port) => givenOut.delete(port));
}

/** @internal Whether nothing listens on this port of 127.0.0.1 right now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** @internal */
export function portTaken(...ports: readonly number[]): EmbeddedKafkaError {
  return new EmbeddedKafkaError(
    'EMBEDDED_KAFKA_PORT_TAKEN',
    `Kafka did not start: port ${ports.join(' or ')} of 127.0.0.1 is taken.`,
    'Leave `port` out to get a free one, or stop what listens there.',
  );
}

/** @internal The larger part of the unprivileged ports below or above the given range. */
export function portsOutside([low, high]: PortRange): PortRange {
  const below: PortRange = [LOWEST_PORT, low - 1];
  const above: PortRange = [high + 1, HIGHEST_PORT];
  const widest = width(below) >= width(above) ? below : above;
  // A system that hands out nearly every port leaves nothing outside: then any port may be tried.
  return width(widest) >= ATTEMPTS ? widest : [LOWEST_PORT, HIGHEST_PORT];
}

function width([first, last]: PortRange): number {
  return last - first + 1;
}

function ephemeralPorts(): PortRange {
  try {
    const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    if (low && high) return [low, high];
  } catch {
    // Not Linux: macOS follows IANA.
  }
  return [49_152, 65_535];
}
