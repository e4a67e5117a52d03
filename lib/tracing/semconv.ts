/**
 * The names of the OpenTelemetry semantic conventions that this library writes, copied: those of messaging are not stable
 * yet, and the package exports them only from a path that promises nothing.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/kafka/ (1.45)
 */

export const MESSAGING_SYSTEM_NAME = 'messaging.system.name';
export const MESSAGING_SYSTEM_KAFKA = 'kafka';
export const MESSAGING_OPERATION_NAME = 'messaging.operation.name';
export const MESSAGING_OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGING_DESTINATION_NAME = 'messaging.destination.name';
export const MESSAGING_DESTINATION_TEMPLATE = 'messaging.destination.template';
export const MESSAGING_DESTINATION_PARTITION_ID = 'messaging.destination.partition.id';
export const MESSAGING_CONSUMER_GROUP_NAME = 'messaging.consumer.group.name';
export const MESSAGING_CLIENT_ID = 'messaging.client.id';
export const MESSAGING_MESSAGE_CONVERSATION_ID = 'messaging.message.conversation_id';
export const MESSAGING_MESSAGE_BODY_SIZE = 'messaging.message.body.size';
export const MESSAGING_BATCH_MESSAGE_COUNT = 'messaging.batch.message_count';
export const KAFKA_MESSAGE_KEY = 'kafka.message.key';
export const KAFKA_MESSAGE_TOMBSTONE = 'kafka.message.tombstone';
export const KAFKA_OFFSET = 'kafka.offset';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';
export const ERROR_TYPE = 'error.type';
export const ERROR_TYPE_OTHER = '_OTHER';

export const MESSAGING_KAFKA_MESSAGE_KEY = 'messaging.kafka.message.key';
export const MESSAGING_KAFKA_OFFSET = 'messaging.kafka.offset';

/** What a newer name was called before, in what back ends still search for. */
export const FORMER_NAMES: Readonly<Record<string, string>> = {
  [MESSAGING_SYSTEM_NAME]: 'messaging.system',
  [KAFKA_MESSAGE_KEY]: MESSAGING_KAFKA_MESSAGE_KEY,
  [KAFKA_MESSAGE_TOMBSTONE]: 'messaging.kafka.message.tombstone',
  [KAFKA_OFFSET]: MESSAGING_KAFKA_OFFSET,
};

/** Ours, not the conventions': no handler was registered for the topic of this delivery. */
export const NESTJS_KAFKA_HANDLER_MISSING = 'nestjs.kafka.handler.missing';

/** Ours, not the conventions': how often this message was delivered, where it is not for the first time. */
export const NESTJS_KAFKA_DELIVERY_ATTEMPT = 'nestjs.kafka.delivery_attempt';

/** Ours, not the conventions': how a transaction ended. */
export const NESTJS_KAFKA_TRANSACTION_OUTCOME = 'nestjs.kafka.transaction.outcome';

/** Ours, not the conventions': the id of a transactional producer. */
export const NESTJS_KAFKA_TRANSACTIONAL_ID = 'nestjs.kafka.transactional_id';

/** Ours, not the conventions', which have such a prefix for HTTP only: a captured header. */
export const MESSAGING_HEADER = 'messaging.header';
