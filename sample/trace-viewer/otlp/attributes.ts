import type { Attributes, AttributeValue } from '../model/span.js';
import { double, integer, message, type Message, messages, text } from './fields.js';
import { MalformedPayloadError } from './malformed-payload.error.js';

/** As deep as protobuf readers go. */
const MAX_DEPTH = 100;

export function attributesOf(value: unknown, depth = 0): Attributes {
  if (depth > MAX_DEPTH) throw new MalformedPayloadError(`Attributes are nested deeper than ${MAX_DEPTH}`);
  return Object.fromEntries(
    messages(value, 'attributes').map((pair) => [
      text(pair['key'], 'key'),
      anyValue(message(pair['value'], 'value'), depth + 1),
    ]),
  );
}

function anyValue(value: Message, depth: number): AttributeValue {
  const [kind, content] = Object.entries(value).find(([, held]) => held !== undefined && held !== null) ?? [];
  switch (kind) {
    case 'stringValue':
      return text(content, kind);
    case 'boolValue':
      return content === true;
    case 'intValue':
      return safeNumber(integer(content, kind));
    case 'doubleValue':
      return double(content, kind);
    case 'bytesValue':
      return content instanceof Uint8Array ? Buffer.from(content).toString('base64') : text(content, kind);
    case 'arrayValue':
      return arrayValue(message(content, kind), depth);
    case 'kvlistValue':
      return attributesOf(message(content, kind)['values'], depth);
    default:
      return null;
  }
}

function arrayValue(array: Message, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) throw new MalformedPayloadError(`Attributes are nested deeper than ${MAX_DEPTH}`);
  return messages(array['values'], 'arrayValue').map((item) => anyValue(item, depth + 1));
}

function safeNumber(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
