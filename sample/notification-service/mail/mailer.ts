import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { ENVIRONMENT } from '../../platform/environment/environment.module.js';
import type { NotificationServiceEnvironment } from '../notification-service.environment.js';
import { standInMailServer } from './stand-in-mail-server.js';

export interface Mail {
  /** The same each time that a mail is sent again, so that mail programs show it once. @see https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4 */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const FROM = 'orders@shop.example';
/** Well below the session timeout of the consumer. */
const TIMEOUT_MS = 5000;

/** Sends mails by `SMTP_URL`, or writes them to the log when there is none. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly logger = new Logger(Mailer.name);
  private readonly transport: Transporter;

  constructor(@Inject(ENVIRONMENT) { SMTP_URL }: NotificationServiceEnvironment) {
    this.transport = SMTP_URL
      ? createTransport({ url: SMTP_URL, connectionTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS })
      : standInMailServer();
  }

  /** Resolves once the mail has been taken; rejects when it was refused. */
  async send(mail: Mail): Promise<void> {
    const sent: { readonly message?: string } = await this.transport.sendMail({ from: FROM, ...mail });
    if (sent.message !== undefined) this.logger.log(`Mail, not sent for want of SMTP_URL: ${sent.message}`);
  }

  onApplicationShutdown(): void {
    this.transport.close();
  }
}
