import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { DatabaseModule } from '../platform/database/database.module.js';
import { EnvironmentModule } from '../platform/environment/environment.module.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { notificationsDatabase } from './database/schema.js';
import { InventoryModule } from './inventory/inventory.module.js';
import type { NotificationServiceEnvironment } from './notification-service.environment.js';
import { NotificationsModule } from './notifications/notifications.module.js';

@Module({})
export class AppModule {
  static forRoot(environment: NotificationServiceEnvironment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule,
        EnvironmentModule.forRoot(environment),
        DatabaseModule.forRoot(notificationsDatabase),
        KafkaTracingModule.forRoot({ bodySize: true, relation: environment.KAFKA_TRACE_RELATION }),
        NotificationsModule,
        InventoryModule,
      ],
      providers: [{ provide: APP_PIPE, useValue: new StandardSchemaValidationPipe() }],
    };
  }
}
