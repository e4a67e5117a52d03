import { createTransport, type Transporter } from 'nodemailer';
import { MailRefusedError } from './mail-refused.error.js';

/** The longest part before the `@`. @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1 */
const LONGEST_LOCAL_PART = 64;

/** Stands in for a mail server: hands mails back as JSON, and refuses an address that no mail server takes. */
export function standInMailServer(): Transporter {
  const transport = createTransport({ jsonTransport: true });
  transport.use('stream', ({ message }, callback) => {
    const refused = message.getEnvelope().to.some((address) => address.lastIndexOf('@') > LONGEST_LOCAL_PART);
    const reason = `550 5.1.3 More than ${LONGEST_LOCAL_PART} characters before the @`;
    callback(refused ? new MailRefusedError(reason) : null);
  });
  return transport;
}
