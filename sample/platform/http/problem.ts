import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { type InvalidField, InvalidInputException } from './invalid-input.exception.js';

/** What a caller is told of a request that was not answered as asked. @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly InvalidField[];
}

/** What Express's body parser throws. @see https://github.com/expressjs/body-parser#errors */
interface BodyError extends Error {
  readonly type: string;
  readonly limit?: number;
  /** The text that was not parsed. */
  readonly body?: string;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof InvalidInputException) {
    return { ...problem(error.getStatus(), error.message), errors: error.errors };
  }
  if (error instanceof HttpException) return problem(error.getStatus(), detailOf(error));
  return problem(500, 'Something went wrong here, and it is in the log. Try again later.');
}

function problem(status: number, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
}

/** Nest puts what the body parser throws into an exception of its own. */
function detailOf({ message, cause }: HttpException): string {
  return isBodyError(cause) ? bodyProblem(cause) : message;
}

function isBodyError(error: unknown): error is BodyError {
  return error instanceof Error && typeof (error as Partial<BodyError>).type === 'string';
}

function bodyProblem({ type, message, limit, body }: BodyError): string {
  if (type === 'entity.too.large') return `The body is too large: at most ${limit} bytes are taken`;
  // The parser takes objects and arrays only, and says of other JSON that it is none.
  if (type === 'entity.parse.failed' && isJson(body)) return 'The body is no JSON object';
  if (type === 'entity.parse.failed') return `The body is not valid JSON: ${message}`;
  return message;
}

function isJson(text = ''): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
