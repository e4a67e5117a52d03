import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { DatabaseModule } from '../platform/database/database.module.js';
import { EnvironmentModule } from '../platform/environment/environment.module.js';
import { HealthModule } from '../platform/health/health.module.js';
import { HttpModule } from '../platform/http/http.module.js';
import { LoggingModule } from '../platform/logging/logging.module.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { ordersDatabase } from './database/schema.js';
import type { OrderServiceEnvironment } from './order-service.environment.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { OrdersModule } from './orders/orders.module.js';

@Module({})
export class AppModule {
  static forRoot(environment: OrderServiceEnvironment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule,
        LoggingModule.forRoot('order-service', environment.LOG_LEVEL),
        EnvironmentModule.forRoot(environment),
        HttpModule,
        HealthModule,
        DatabaseModule.forRoot(ordersDatabase),
        KafkaTracingModule.forRoot({
          correlationId: 'correlation_id',
          bodySize: true,
          // Each order of a batch has a creation context of its own.
          maxCreateSpans: 1000,
          shutdownTimeoutMs: 3000,
        }),
        OrdersModule,
        InventoryModule,
      ],
    };
  }
}
