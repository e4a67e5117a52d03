import type { LoggerService } from '@nestjs/common';

/** Nest's logger, of which it keeps what one context says. */
export class LogRecorder implements LoggerService {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];

  constructor(readonly context = 'KafkaTracing') {}

  log(message: string, ...rest: readonly unknown[]): void {
    if (rest.at(-1) === this.context) {
      this.lines.push(message);
    }
  }

  warn(message: string, ...rest: readonly unknown[]): void {
    if (rest.at(-1) === this.context) {
      this.warnings.push(message);
    }
  }

  error(): void {}
}
