import { parseArgs } from 'node:util';

/** How notification-service relates the spans of its deliveries to the messages. */
export const RELATIONS = ['both', 'parent', 'link'] as const;
export type Relation = (typeof RELATIONS)[number];

export interface Arguments {
  readonly orders: number;
  readonly relation: Relation;
  readonly json: boolean;
  /** The port of the page; undefined where no page is wanted. */
  readonly serve: ServeOptions | undefined;
  readonly help: boolean;
}

export interface ServeOptions {
  readonly port: number;
  /** Whether any other port is as good, since nobody asked for this one. */
  readonly isDefault: boolean;
}

/** OTLP's own: other processes of this machine send their spans there without being told. */
const DEFAULT_PORT = 4318;

export const USAGE = `Starts Kafka and two services, places orders, and after them one that cannot be handled, and shows their traces.

Usage: npm run sample -- [options]

  --serve         show the traces on a page, on which more orders can be placed, until Ctrl+C
  --port <n>      where the page is, and where any process may send spans (OTLP over HTTP) (default: ${DEFAULT_PORT}, 0: any free one)
  --orders <n>    how many orders to place before the one that cannot be handled (default: 3)
  --relation <r>  how the span of a delivery relates to its message: both, parent or link (default: both)
  --json          print nothing but the spans of the orders, as a JSON array; best with: npm run --silent
  --help          print this

Environment:
  KAFKA_BROKERS                use these brokers (host:port, separated by commas) instead of starting one
  OTEL_EXPORTER_OTLP_ENDPOINT  send the services' spans there too (OTLP over HTTP)
  NO_COLOR                     no colours

Exit code: 0 when the trace of every order is whole, 1 when not, 2 when the options are not understood.`;

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws {UsageError} on an option that does not exist, or a value that makes no sense. */
export function parseArguments(args: readonly string[]): Arguments {
  const { orders, relation, json, serve, port, help } = read(args);
  if (!/^[1-9]\d{0,5}$/.test(orders)) {
    throw new UsageError(`Expected \`--orders\` to be a whole number from 1 up, got \`${orders}\``);
  }
  if (!isRelation(relation)) {
    throw new UsageError(`Expected \`--relation\` to be both, parent or link, got \`${relation}\``);
  }
  if (serve && json) throw new UsageError('Expected either `--serve` or `--json`, got both');
  if (!serve && port !== undefined)
    throw new UsageError('`--port` is the port of the page: expected `--serve` as well');
  return { orders: Number(orders), relation, json, serve: serve ? serveOptions(port) : undefined, help };
}

function serveOptions(port: string | undefined): ServeOptions {
  if (port === undefined) return { port: DEFAULT_PORT, isDefault: true };
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`Expected \`--port\` to be from 0 (any free one) to 65535, got \`${port}\``);
  }
  return { port: Number(port), isDefault: false };
}

function isRelation(text: string): text is Relation {
  return RELATIONS.some((relation) => relation === text);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '3' },
        relation: { type: 'string', default: 'both' },
        json: { type: 'boolean', default: false },
        serve: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
