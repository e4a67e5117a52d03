import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { announceTelemetry, stopTelemetry } from './telemetry.js';

/**
 * Stops OpenTelemetry after everything else, so that no span is lost: Nest shuts global modules down last, and among
 * them the one that was imported first. So import it before all others.
 */
@Global()
@Module({})
export class TelemetryModule implements OnModuleInit, OnApplicationShutdown {
  onModuleInit(): void {
    announceTelemetry();
  }

  async onApplicationShutdown(): Promise<void> {
    await stopTelemetry();
  }
}
