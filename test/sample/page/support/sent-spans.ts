const KINDS = { INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 } as const;

/** What a test says of a span; times are milliseconds from `BEGINNING`. */
export interface SentSpan {
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly service?: string;
  readonly name: string;
  readonly kind?: keyof typeof KINDS;
  readonly from: number;
  readonly to: number;
  readonly links?: readonly { readonly trace: string; readonly id: string }[];
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** The words of its status of error. */
  readonly error?: string;
  /** The message of an exception that it has recorded. */
  readonly exception?: string;
}

/** Now, so that ages are small; one for all spans of a file. */
export const BEGINNING = Date.now();

/** A short name as a trace id, such as `a1`: the page shows its first eight digits. */
export const traceId = (name: string): string => Buffer.from(name).toString('hex').padEnd(32, '0');
export const spanId = (name: string): string => Buffer.from(name).toString('hex').padEnd(16, '0');

/** Sends spans as any OpenTelemetry process would, as OTLP in JSON. */
export async function send(url: string, spans: readonly SentSpan[]): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: spans.map(resourceSpansOf) }),
  });
  if (!response.ok) throw new Error(`The viewer answered ${response.status}: ${await response.text()}`);
}

function resourceSpansOf({ service = 'order-service', ...span }: SentSpan): object {
  return {
    resource: { attributes: attributesOf({ 'service.name': service }) },
    scopeSpans: [{ scope: { name: 'a test' }, spans: [otlpSpan(span)] }],
  };
}

function otlpSpan(span: SentSpan): object {
  const { trace, id, parent, name, kind = 'INTERNAL', from, to, links = [], attributes = {} } = span;
  return {
    traceId: traceId(trace),
    spanId: spanId(id),
    ...(parent !== undefined && { parentSpanId: spanId(parent) }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    attributes: attributesOf(attributes),
    links: links.map((link) => ({ traceId: traceId(link.trace), spanId: spanId(link.id) })),
    events: span.exception === undefined ? [] : [exceptionEvent(span.exception, to)],
    status: span.error === undefined ? {} : { code: 2, message: span.error },
  };
}

function exceptionEvent(message: string, time: number): object {
  const attributes = attributesOf({ 'exception.type': 'MailRefusedError', 'exception.message': message });
  return { name: 'exception', timeUnixNano: nanos(time), attributes };
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
  }));
}

function nanos(ms: number): string {
  return String(BigInt(Math.round((BEGINNING + ms) * 1000)) * 1000n);
}
