import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  type ReceivedMessage,
  ReceivedMessages,
  withHandling,
} from '../../lib/propagation/received-messages.js';

/** A context in which these messages are handled. */
export function handlingOf(messages: Iterable<ReceivedMessage>): Context {
  return withHandling(ROOT_CONTEXT, { received: new ReceivedMessages(messages) });
}
