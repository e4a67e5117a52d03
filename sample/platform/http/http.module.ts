import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { InvalidInputException } from './invalid-input.exception.js';
import { JsonOnlyGuard } from './json-only.guard.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';

/** How every service takes and refuses HTTP requests. */
@Module({
  providers: [
    {
      provide: APP_PIPE,
      useFactory: () =>
        new StandardSchemaValidationPipe({
          exceptionFactory: (issues) => InvalidInputException.fromIssues(issues),
        }),
    },
    { provide: APP_GUARD, useClass: JsonOnlyGuard },
    { provide: APP_FILTER, useClass: ProblemDetailsFilter },
  ],
})
export class HttpModule {}
