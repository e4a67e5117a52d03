import { parseArgs } from 'node:util';

export interface Arguments {
  readonly orders: number;
  readonly json: boolean;
  readonly help: boolean;
}

export const USAGE = `Starts Kafka and two services, places orders, and after them one that cannot be handled, and shows their traces.

Usage: npm run sample -- [options]

  --orders <n>  how many orders to place before the one that cannot be handled (default: 3)
  --json        print nothing but the spans of the orders, as a JSON array; best with: npm run --silent
  --help        print this

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
  const { orders, json, help } = read(args);
  if (!/^[1-9]\d{0,5}$/.test(orders)) {
    throw new UsageError(`Expected \`--orders\` to be a whole number from 1 up, got \`${orders}\``);
  }
  return { orders: Number(orders), json, help };
}

function read(args: readonly string[]): { orders: string; json: boolean; help: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '3' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
