import type { Attributes, Span, SpanKind, SpanLink, StatusCode } from '../model/span.js';
import { attributesOf } from './attributes.js';
import { enumeration, identifier, integer, message, type Message, messages, text } from './fields.js';

/** In the order of OTLP's numbers. */
const KINDS: readonly SpanKind[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly StatusCode[] = ['UNSET', 'OK', 'ERROR'];

export interface DecodedRequest {
  readonly spans: readonly Span[];
  /** Spans that cannot be kept, because an id of theirs is not valid. */
  readonly rejected: number;
}

interface Origin {
  readonly serviceName: string;
  readonly scope: Span['scope'];
}

/** Makes plain spans of an ExportTraceServiceRequest, whichever encoding it was read from. */
export function spansOfRequest(request: Message): DecodedRequest {
  const spans = messages(request['resourceSpans'], 'resourceSpans').flatMap((ofResource) => {
    const resource = message(ofResource['resource'], 'resource');
    const serviceName = nameOfService(attributesOf(resource['attributes']));
    return messages(ofResource['scopeSpans'], 'scopeSpans').flatMap((ofScope) => {
      const { name, version } = message(ofScope['scope'], 'scope');
      const scope = { name: text(name, 'scope.name'), version: text(version, 'scope.version') };
      return messages(ofScope['spans'], 'spans').map((span) => spanOf(span, { serviceName, scope }));
    });
  });
  const valid = spans.filter((span) => span !== undefined);
  return { spans: valid, rejected: spans.length - valid.length };
}

function nameOfService(resource: Attributes): string {
  const name = resource['service.name'];
  return typeof name === 'string' && name !== '' ? name : 'unknown_service';
}

function spanOf(span: Message, origin: Origin): Span | undefined {
  const traceId = identifier(span['traceId'], 16);
  const spanId = identifier(span['spanId'], 8);
  if (traceId === undefined || spanId === undefined) return undefined;
  const status = message(span['status'], 'status');
  return {
    traceId,
    spanId,
    parentSpanId: identifier(span['parentSpanId'], 8),
    name: text(span['name'], 'name'),
    kind: KINDS[enumeration(span['kind'], 'kind')] ?? 'UNSPECIFIED',
    ...origin,
    startUnixNano: integer(span['startTimeUnixNano'], 'startTimeUnixNano'),
    endUnixNano: integer(span['endTimeUnixNano'], 'endTimeUnixNano'),
    attributes: attributesOf(span['attributes']),
    links: messages(span['links'], 'links').flatMap(linkOf),
    events: messages(span['events'], 'events').map((event) => ({
      name: text(event['name'], 'event.name'),
      timeUnixNano: integer(event['timeUnixNano'], 'event.timeUnixNano'),
      attributes: attributesOf(event['attributes']),
    })),
    status: {
      code: STATUS_CODES[enumeration(status['code'], 'status.code')] ?? 'UNSET',
      message: text(status['message'], 'status.message'),
    },
  };
}

function linkOf(link: Message): SpanLink[] {
  const traceId = identifier(link['traceId'], 16);
  const spanId = identifier(link['spanId'], 8);
  if (traceId === undefined || spanId === undefined) return [];
  return [{ traceId, spanId, attributes: attributesOf(link['attributes']) }];
}
