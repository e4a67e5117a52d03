/** The mail server does not take a mail. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError';
}
