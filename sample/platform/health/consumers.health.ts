import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Consumers } from './consumers.js';

@Injectable()
export class ConsumersHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly consumers: Consumers,
  ) {}

  check(): HealthIndicatorResult {
    const indicator = this.indicators.check('consumers');
    const dead = [...this.consumers.states()].filter(([, reason]) => reason !== undefined);
    return dead.length === 0 ? indicator.up() : indicator.down(Object.fromEntries(dead));
  }
}
