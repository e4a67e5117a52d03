import type { IHeaders, ProducerRecord } from 'kafkajs';
import type { HandledMessage } from '../kafka-tracing.options.js';
import { extractCreationContext } from '../propagation/creation-context.js';
import { setHeader } from '../propagation/header-names.js';
import { ORIGINAL_TRACEPARENT, formatTraceparent } from '../propagation/original-context.js';
import { DELIVERY_ATTEMPT } from '../tracing/delivery-attempts.js';
import { errorMessage, errorType } from '../tracing/error-type.js';

/** Of the first place where the message was: a dead letter of a dead letter keeps it. */
const ORIGINAL_TOPIC = 'x-original-topic';
const MOST_BYTES_OF_A_MESSAGE = 256;

/**
 * The record by which a message becomes a dead letter: its key, value and headers as kafkajs received them, and what became
 * of it.
 *
 * @param attempts how often it was delivered
 * @internal
 */
export function deadLetterOf(
  { topic, partition, message }: HandledMessage,
  error: unknown,
  attempts: number,
  deadLetterTopic = `${topic}.dlt`,
): ProducerRecord {
  const headers = sendableHeaders(message.headers);
  if (headers[ORIGINAL_TOPIC] === undefined) {
    Object.assign(headers, {
      [ORIGINAL_TOPIC]: topic,
      'x-original-partition': String(partition),
      'x-original-offset': message.offset,
      ...(message.timestamp === undefined ? {} : { 'x-original-timestamp': message.timestamp }),
    });
  }
  const { spanContext: creation } = extractCreationContext(message.headers);
  if (headers[ORIGINAL_TRACEPARENT] === undefined && creation !== undefined) {
    headers[ORIGINAL_TRACEPARENT] = formatTraceparent(creation);
  }
  headers['x-error-type'] = errorType(error);
  headers['x-error-message'] = shortened(errorMessage(error));
  headers[DELIVERY_ATTEMPT] = String(attempts);
  const [key, value] = [sendable(message.key), sendable(message.value)];
  return { topic: deadLetterTopic, messages: [{ key, value, headers }] };
}

/** Without those that are null, which others may send and kafkajs refuses to. */
function sendableHeaders(given: HandledMessage['message']['headers']): IHeaders {
  const headers: IHeaders = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const one = Array.isArray(value) ? value.map(sendable).filter((item) => item !== null) : sendable(value);
    if (one !== null) {
      setHeader(headers, name, one);
    }
  }
  return headers;
}

/** The very bytes; of what Nest has parsed, its text. */
function sendable(value: unknown): Buffer | string | null {
  if (value === null || value === undefined) {
    return null;
  }
  return Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value);
}

/** As many whole characters as fit. */
function shortened(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MOST_BYTES_OF_A_MESSAGE) {
    return text;
  }
  const cut = bytes.subarray(0, MOST_BYTES_OF_A_MESSAGE).toString('utf8');
  return cut.replace(/�+$/, '');
}
