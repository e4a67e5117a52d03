import { z } from 'zod';
import { LOG_LEVELS } from '../logging/service-log.js';
import { StartupError } from '../lifecycle/startup.error.js';

const PORT_EXPECTED = 'expected a port from 0 (any free one) to 65535';
const SECRETS: ReadonlySet<unknown> = new Set(['DATABASE_URL', 'SMTP_URL']);

/** The variables that every service of this sample reads; a service extends it with its own. */
export const serviceEnvironment = (defaults: { readonly port: number; readonly dataDir: string }) =>
  z.object({
    PORT: z
      .string()
      .regex(/^\d+$/, PORT_EXPECTED)
      .transform(Number)
      .refine((port) => port <= 65_535, PORT_EXPECTED)
      .default(defaults.port),
    KAFKA_BROKERS: z
      .string()
      .transform((list) => list.split(',').map((broker) => broker.trim()))
      .refine((brokers) => brokers.every(isHostAndPort), 'expected a comma-separated list of host:port')
      .default(['127.0.0.1:9092']),
    /** A Postgres server; without it an embedded one keeps its files in `DATA_DIR`. */
    DATABASE_URL: z
      .url({ protocol: /^postgres(ql)?$/, error: 'expected postgres://user:password@host:port/database' })
      .optional(),
    /** A folder for this process alone, or `memory://`. */
    DATA_DIR: z.string().default(defaults.dataDir),
    /** The least important lines that are logged. */
    LOG_LEVEL: z.enum(LOG_LEVELS, `expected ${LOG_LEVELS.join(', ')}`).default('info'),
    /** How long to wait at start for Kafka and for the database. */
    STARTUP_TIMEOUT_SECONDS: z
      .string()
      .regex(/^\d{1,5}$/, 'expected a whole number of seconds')
      .transform(Number)
      .default(60),
  });

export type ServiceEnvironment = Readonly<z.infer<ReturnType<typeof serviceEnvironment>>>;

/**
 * Validates `variables`; an empty variable counts as one that is not set.
 *
 * @throws StartupError naming every variable that is wrong, and what it should be.
 */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  variables: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path: [name], message }) => {
    const got = SECRETS.has(name) ? '' : `, got "${given[String(name)] ?? ''}"`;
    return `${String(name)}: ${message}${got}`;
  });
  throw new StartupError(`The environment is not valid. ${problems.join('; ')}`);
}

function isHostAndPort(broker: string): boolean {
  const [, port] = /^(?:[^\s:]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(broker) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}
