import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { BrokerHealth } from './broker.health.js';
import { ConsumersHealth } from './consumers.health.js';
import { DatabaseHealth } from './database.health.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly consumers: ConsumersHealth,
    private readonly database: DatabaseHealth,
    private readonly broker: BrokerHealth,
  ) {}

  /** Whether a restart of this process would help: not where Kafka or the database is away. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.consumers.check()]);
  }

  /** Whether this process can do what it is for. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.database.check(), () => this.broker.check()]);
  }
}
