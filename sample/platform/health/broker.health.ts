import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { ServiceEnvironment } from '../environment/environment.js';
import { ENVIRONMENT } from '../environment/environment.module.js';
import { reasonOf } from '../lifecycle/error-reason.js';
import { HEALTH_TIMEOUT_MS, inTime } from './in-time.js';

@Injectable()
export class BrokerHealth {
  private readonly kafka: Kafka;

  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(ENVIRONMENT) { KAFKA_BROKERS }: ServiceEnvironment,
  ) {
    // A connection of its own for each check: one that is kept tells of the past. The answer tells what is wrong, so kafkajs
    // need not.
    this.kafka = new Kafka({
      clientId: 'health',
      brokers: KAFKA_BROKERS,
      logLevel: logLevel.NOTHING,
      connectionTimeout: HEALTH_TIMEOUT_MS,
      requestTimeout: HEALTH_TIMEOUT_MS,
      retry: { retries: 0 },
    });
  }

  async check(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('broker');
    const admin = this.kafka.admin();
    try {
      await inTime(ask(admin));
      return indicator.up();
    } catch (error) {
      return indicator.down(reasonOf(error));
    } finally {
      admin.disconnect().catch(() => undefined);
    }
  }
}

async function ask(admin: Admin): Promise<void> {
  await admin.connect();
  await admin.describeCluster();
}
