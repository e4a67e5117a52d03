import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { DatabaseModule } from '../platform/database/database.module.js';
import { EnvironmentModule } from '../platform/environment/environment.module.js';
import { HealthModule } from '../platform/health/health.module.js';
import { HttpModule } from '../platform/http/http.module.js';
import { LoggingModule } from '../platform/logging/logging.module.js';
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
        LoggingModule.forRoot('notification-service', environment.LOG_LEVEL),
        EnvironmentModule.forRoot(environment),
        HttpModule,
        HealthModule,
        DatabaseModule.forRoot(notificationsDatabase),
        KafkaTracingModule.forRoot({
          bodySize: true,
          relation: environment.KAFKA_TRACE_RELATION,
          shutdownTimeoutMs: 3000,
        }),
        NotificationsModule,
        InventoryModule,
      ],
    };
  }
}
