import { readdirSync, readFileSync } from 'node:fs';
import type { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { afterTest } from './tracing.js';

/** Lets a broker take connections and answer nothing, until the test is over. */
export function freeze(kafka: EmbeddedKafka): void {
  const pid = pidOf(kafka);
  process.kill(pid, 'SIGSTOP');
  afterTest(() => void process.kill(pid, 'SIGCONT'));
}

/** The process that runs in the folder whose configuration names its address. */
function pidOf({ brokers: [address = ''] }: EmbeddedKafka): number {
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isBroker = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka');
      return isBroker && readFileSync(`/proc/${pid}/cwd/server.properties`, 'utf8').includes(address);
    } catch {
      return false; // It has ended meanwhile.
    }
  });
  if (found === undefined) throw new Error(`No process has the broker ${address}`);
  return Number(found);
}
