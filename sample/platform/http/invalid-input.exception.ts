import { BadRequestException } from '@nestjs/common';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What is wrong with one field; without `field`, with the whole. */
export interface InvalidField {
  readonly field?: string;
  readonly message: string;
}

/** A request whose body or parameters are not as they should be. */
export class InvalidInputException extends BadRequestException {
  constructor(readonly errors: readonly InvalidField[]) {
    super('The request is not as it should be: see errors');
  }

  static fromIssues(issues: readonly Issue[]): InvalidInputException {
    return new InvalidInputException(
      issues.slice(0, MOST_ERRORS).map(({ path = [], message }) => {
        const field = path
          .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
          .join('.');
        return { ...(field !== '' && { field }), message };
      }),
    );
  }
}

/** A thousand orders can have thousands of faults. */
const MOST_ERRORS = 20;
