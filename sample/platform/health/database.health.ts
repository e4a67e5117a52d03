import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { sql } from 'drizzle-orm';
import type { Database } from '../database/database.js';
import { DATABASE } from '../database/database.module.js';
import { query } from '../database/query.js';
import { reasonOf } from '../lifecycle/error-reason.js';
import { inTime } from './in-time.js';

@Injectable()
export class DatabaseHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(DATABASE) private readonly database: Database,
  ) {}

  async check(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    try {
      await inTime(query(this.database.execute(sql`select 1`)));
      return indicator.up();
    } catch (error) {
      return indicator.down(reasonOf(error));
    }
  }
}
