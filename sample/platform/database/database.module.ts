import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ServiceEnvironment } from '../environment/environment.js';
import { ENVIRONMENT } from '../environment/environment.module.js';
import type { DatabaseDefinition, OpenDatabase } from './database.js';
import { openEmbeddedDatabase } from './open-embedded-database.js';
import { openServerDatabase } from './open-server-database.js';

/** Injects the service's {@link Database}. */
export const DATABASE = 'DATABASE';

/** Injects the {@link OpenDatabase} itself, for work that only one replica may do at a time. */
export const OPEN_DATABASE = 'OPEN_DATABASE';

/**
 * Opens and migrates the database of a service at start. It is global, since Nest closes global modules last: nothing needs it
 * any more then.
 */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(OPEN_DATABASE) private readonly connection: OpenDatabase) {}

  static forRoot(definition: DatabaseDefinition): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        {
          provide: OPEN_DATABASE,
          useFactory: (environment: ServiceEnvironment) => openDatabase(environment, definition),
          inject: [ENVIRONMENT],
        },
        {
          provide: DATABASE,
          useFactory: ({ database }: OpenDatabase) => database,
          inject: [OPEN_DATABASE],
        },
      ],
      exports: [DATABASE, OPEN_DATABASE],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

function openDatabase(
  environment: ServiceEnvironment,
  definition: DatabaseDefinition,
): Promise<OpenDatabase> {
  const { DATABASE_URL, DATA_DIR, STARTUP_TIMEOUT_SECONDS } = environment;
  return DATABASE_URL
    ? openServerDatabase(DATABASE_URL, STARTUP_TIMEOUT_SECONDS, definition)
    : openEmbeddedDatabase(DATA_DIR, definition);
}
