import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import { vi } from 'vitest';
import type { Library } from './order-application.js';

const HOSTS = [ServerKafka.prototype, ClientKafka.prototype].map(
  (prototype) => [prototype, prototype.createClient] as const,
);

/**
 * A copy of the library that has reported nothing yet: what was reported is remembered for the life of the process, by the
 * copy that wrapped Nest's method.
 */
export async function freshLibrary(): Promise<Library> {
  vi.resetModules();
  HOSTS.forEach(([prototype, createClient]) => Object.assign(prototype, { createClient }));
  return import('nestjs-kafka-tracing');
}
