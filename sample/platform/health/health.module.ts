import { Global, Logger, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { BrokerHealth } from './broker.health.js';
import { Consumers } from './consumers.js';
import { ConsumersHealth } from './consumers.health.js';
import { DatabaseHealth } from './database.health.js';
import { HealthController } from './health.controller.js';

/** Global, so that whoever has a consumer can have it looked after. */
@Global()
@Module({
  imports: [TerminusModule.forRoot({ logger: Logger })],
  controllers: [HealthController],
  providers: [Consumers, ConsumersHealth, DatabaseHealth, BrokerHealth],
  exports: [Consumers],
})
export class HealthModule {}
