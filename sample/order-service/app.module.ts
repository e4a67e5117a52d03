import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { DatabaseModule } from '../platform/database/database.module.js';
import { EnvironmentModule } from '../platform/environment/environment.module.js';
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
        EnvironmentModule.forRoot(environment),
        DatabaseModule.forRoot(ordersDatabase),
        KafkaTracingModule.forRoot({
          correlationId: 'correlation_id',
          bodySize: true,
          // Each order of a batch has a creation context of its own.
          maxCreateSpans: 1000,
        }),
        OrdersModule,
        InventoryModule,
      ],
      providers: [{ provide: APP_PIPE, useValue: new StandardSchemaValidationPipe() }],
    };
  }
}
