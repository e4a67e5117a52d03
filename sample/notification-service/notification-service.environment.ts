import { z } from 'zod';
import { serviceEnvironment } from '../platform/environment/environment.js';

export const notificationServiceEnvironment = serviceEnvironment({
  port: 3001,
  dataDir: '.data/notification-service',
}).extend({
  /** A mail server; without it, mails are written to the log. */
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'expected smtp://user:password@host:port' }).optional(),
});

export type NotificationServiceEnvironment = Readonly<z.infer<typeof notificationServiceEnvironment>>;
