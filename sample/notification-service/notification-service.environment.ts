import { z } from 'zod';
import { serviceEnvironment } from '../platform/environment/environment.js';

const ATTEMPTS_EXPECTED = 'expected a whole number from 1 to 1000';

const RELATION_EXPECTED = 'expected both, parent or link';

export const notificationServiceEnvironment = serviceEnvironment({
  port: 3001,
  dataDir: '.data/notification-service',
}).extend({
  /** A mail server; without it, mails are written to the log. */
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: 'expected smtp://user:password@host:port' })
    .optional(),
  /** How often an event is tried before it goes to the dead-letter topic. */
  DELIVERY_ATTEMPTS: z
    .string()
    .regex(/^\d+$/, ATTEMPTS_EXPECTED)
    .transform(Number)
    .refine((attempts) => attempts >= 1 && attempts <= 1000, ATTEMPTS_EXPECTED)
    .default(3),
  /** How the spans of deliveries relate to the messages: the option `relation` of nestjs-kafka-tracing. */
  KAFKA_TRACE_RELATION: z.enum(['both', 'parent', 'link'], RELATION_EXPECTED).default('both'),
});

export type NotificationServiceEnvironment = Readonly<z.infer<typeof notificationServiceEnvironment>>;
