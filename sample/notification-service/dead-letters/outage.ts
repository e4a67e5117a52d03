/** Of Node's system calls, and what nodemailer calls a connection that fails. */
const CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNECTION',
  'ESOCKET',
  'EDNS',
]);

/** Lost connections, want of resources, a server that ends or starts. @see https://www.postgresql.org/docs/15/errcodes-appendix.html */
const SQL_STATE = /^(?:08...|53...|57P0[1-4])$/;

/** What `pg` says without a code. */
const LOST_CONNECTION = /^(?:Connection terminated|timeout exceeded when trying to connect)/;

/**
 * Whether an error says that the database or the mail server is away, rather than that there is something wrong with the message
 * which was being handled.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  return (
    CODES.has(code) ||
    (typeof code === 'string' && SQL_STATE.test(code)) ||
    LOST_CONNECTION.test(error.message) ||
    isTransientReply(responseCode)
  );
}

/** @see https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 */
function isTransientReply(code: unknown): boolean {
  return typeof code === 'number' && code >= 400 && code < 500;
}
