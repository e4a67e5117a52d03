import { type ArgumentsHost, Catch, Inject, Logger } from '@nestjs/common';
import { BaseRpcExceptionFilter, type KafkaContext, KafkaHeaders } from '@nestjs/microservices';
import type { ProducerRecord } from 'kafkajs';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import { catchError, defer, type Observable } from 'rxjs';
import { ENVIRONMENT } from '../../platform/environment/environment.module.js';
import type { NotificationServiceEnvironment } from '../notification-service.environment.js';
import { InvalidMessageError } from './invalid-message.error.js';
import { isOutage } from './outage.js';

/**
 * Gives up a message that cannot be handled, so that it does not block its partition for ever: after `DELIVERY_ATTEMPTS`
 * deliveries it goes to the dead-letter topic, with its trace. One that does not keep to its contract goes there at once, since
 * no later delivery would help; one that fails because the database or the mail server is away waits for as long as that takes.
 * A request is answered with its error instead.
 */
@Catch()
export class DeadLetterFilter extends BaseRpcExceptionFilter {
  private readonly logger = new Logger(DeadLetterFilter.name);

  constructor(
    private readonly tracing: KafkaTracing,
    @Inject(ENVIRONMENT) private readonly environment: NotificationServiceEnvironment,
  ) {
    super();
  }

  override catch(error: unknown, host: ArgumentsHost): Observable<unknown> {
    const kafka = host.switchToRpc().getContext<KafkaContext>();
    if (isRequest(kafka) || isOutage(error)) return this.reject(error);
    const deadLetter = this.tracing.deadLetter(kafka, error);
    const isLastAttempt = attemptsOf(deadLetter) >= this.environment.DELIVERY_ATTEMPTS;
    if (!isLastAttempt && !(error instanceof InvalidMessageError)) return this.reject(error);
    return defer(() => this.giveUp(kafka, deadLetter, error)).pipe(
      catchError((reason: unknown) => this.reject(reason)),
    );
  }

  /** The message counts as handled once the broker has its dead letter, and not before. */
  private async giveUp(kafka: KafkaContext, deadLetter: ProducerRecord, error: unknown): Promise<void> {
    await kafka.getProducer().send(deadLetter);
    const place = `${kafka.getTopic()}, partition ${kafka.getPartition()}, offset ${kafka.getMessage().offset}`;
    this.logger.error(
      `Gave up ${place} at attempt ${attemptsOf(deadLetter)}, it is in ${deadLetter.topic} now. ${String(error)}`,
    );
  }

  /**
   * As without a filter: Nest logs the error, and answers a request, or rejects a delivery, with a plain object. A TypeError, or
   * another error that kafkajs takes for hopeless, would stop its consumer for good.
   */
  private reject(error: unknown): Observable<unknown> {
    return this.handleUnknownError(error, 'error');
  }
}

/** Whether somebody waits for a reply, as Nest decides it. */
function isRequest(kafka: KafkaContext): boolean {
  const { headers } = kafka.getMessage();
  return Boolean(headers?.[KafkaHeaders.CORRELATION_ID] && headers[KafkaHeaders.REPLY_TOPIC]);
}

/** How often the message was delivered, this time included: its dead letter says it. */
function attemptsOf({ messages }: ProducerRecord): number {
  return Number(messages[0]?.headers?.['x-delivery-attempt']);
}
