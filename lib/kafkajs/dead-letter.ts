import type { IHeaders, ProducerRecord } from 'kafkajs';
import type { HandledMessage } from '../kafka-tracing.options.js';
import { extractCreationContext } from '../propagation/creation-context.js';
import { setHeader } from '../propagation/header-names.js';
import { ORIGINAL_TRACEPARENT, formatTraceparent } from '../propagation/original-context.js';
import { DELIVERY_ATTEMPT } from '../tracing/processing/delivery-attempts.js';
import { errorMessage, errorType } from '../tracing/error-type.js';
import { attempt } from '../tracing/fail-open.js';

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
  const creation = attempt('read the headers', () => extractCreationContext(message.headers).spanContext);
  if (headers[ORIGINAL_TRACEPARENT] === undefined && creation !== undefined) {
    headers[ORIGINAL_TRACEPARENT] = formatTraceparent(creation);
  }
  headers['x-error-type'] = errorType(error);
  headers['x-error-message'] = shortened(attempt('read an error', () => errorMessage(error)) ?? '');
  headers[DELIVERY_ATTEMPT] = String(attempts);
  const [key, value] = [sendable(message.key), sendable(message.value)];
  return { topic: deadLetterTopic, messages: [{ key, value, headers }] };
}

/** Without those that are null, which others may send and kafkajs refuses to. */
function sendableHeaders(given: HandledMessage['message']['headers']): IHeaders {
  const headers: IHeaders = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const values = (Array.isArray(value) ? value : [value]).map(sendable).filter((one) => one !== null);
    if (values.length > 0) {
      setHeader(headers, name, Array.isArray(value) ? values : values[0]);
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
  let end = MOST_BYTES_OF_A_MESSAGE;
  while (isWithinCharacter(bytes[end])) {
    end -= 1;
  }
  return bytes.toString('utf8', 0, end);
}

/** Whether a byte of UTF-8 is one of a character, but not its first. */
function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0;
}
