import type { IHeaders, ProducerRecord } from 'kafkajs';
import type { HandledMessage } from '../messages.js';
import type { Trust } from '../topic.options.js';
import { contextFields } from '../propagation/context-fields.js';
import { extractCreationContext } from '../propagation/creation-context.js';
import { isNamesake, setHeader } from '../propagation/header-names.js';
import { ORIGINAL_TRACEPARENT, formatTraceparent } from '../propagation/original-context.js';
import { DELIVERY_ATTEMPT } from '../tracing/processing/delivery-attempts.js';
import { errorMessage, errorType } from '../tracing/error-type.js';
import { attempt } from '../tracing/fail-open.js';

/** Of the first place where the message was: a dead letter of a dead letter keeps it. */
const ORIGINAL_TOPIC = 'x-original-topic';
const ORIGINALS = [
  ORIGINAL_TOPIC,
  'x-original-partition',
  'x-original-offset',
  'x-original-timestamp',
  ORIGINAL_TRACEPARENT,
];
const MOST_BYTES_OF_A_MESSAGE = 256;

/**
 * What is known of a message that is given up.
 *
 * @internal
 */
export interface GivenUp {
  /** How often it was delivered. */
  readonly attempts: number;
  /** How far its producer is trusted. A stranger's headers do not say where the message was, nor whose trace it is in. */
  readonly trust?: Trust;
  /** Where it goes; `<topic>.dlt` where it is left out. */
  readonly topic?: string | undefined;
}

/**
 * The record by which a message becomes a dead letter: its key, value and headers as kafkajs received them, and what became
 * of it.
 *
 * @internal
 */
export function deadLetterOf(
  { topic, partition, message }: HandledMessage,
  error: unknown,
  { attempts, trust = 'continue', topic: deadLetterTopic = `${topic}.dlt` }: GivenUp,
): ProducerRecord {
  const headers = sendableHeaders(message.headers);
  if (trust !== 'continue') {
    removeTraces(headers);
  }
  if (headers[ORIGINAL_TOPIC] === undefined) {
    Object.assign(headers, {
      [ORIGINAL_TOPIC]: topic,
      'x-original-partition': String(partition),
      'x-original-offset': message.offset,
      ...(message.timestamp === undefined ? {} : { 'x-original-timestamp': message.timestamp }),
    });
  }
  const creation = attempt('read the headers', () => extractCreationContext(message.headers).spanContext);
  if (headers[ORIGINAL_TRACEPARENT] === undefined && creation !== undefined && trust !== 'ignore') {
    headers[ORIGINAL_TRACEPARENT] = formatTraceparent(creation);
  }
  headers['x-error-type'] = errorType(error);
  headers['x-error-message'] = shortened(attempt('read an error', () => errorMessage(error)) ?? '');
  headers[DELIVERY_ATTEMPT] = String(attempts);
  const [key, value] = [sendable(message.key), sendable(message.value)];
  return { topic: deadLetterTopic, messages: [{ key, value, headers }] };
}

/**
 * The message alone, for where what became of it cannot be told.
 *
 * @internal
 */
export function bareLetterOf(
  { topic, message: { key, value, headers } }: HandledMessage,
  deadLetterTopic = `${topic}.dlt`,
): ProducerRecord {
  const own = Object.entries(headers ?? {}).filter(([, header]) => header !== null && header !== undefined);
  const messages = [
    { key: sendable(key), value: sendable(value), headers: Object.fromEntries(own) as IHeaders },
  ];
  return { topic: deadLetterTopic, messages };
}

/** Takes away what a stranger may have said of his trace, and of where the message was before. */
function removeTraces(headers: IHeaders): void {
  const field = attempt('read the headers', contextFields);
  for (const name of Object.keys(headers)) {
    if (field?.(name) !== undefined || ORIGINALS.some((original) => isNamesake(original, name))) {
      delete headers[name];
    }
  }
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
