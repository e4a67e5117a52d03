/** Where the user wants the spans as well, and what to send along. */
export interface UserEndpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the standard variables ask for; `problem` says why it cannot be done. */
export interface UserEndpointResult {
  readonly endpoint?: UserEndpoint;
  readonly problem?: string;
}

/** @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export function readUserEndpoint(env: NodeJS.ProcessEnv): UserEndpointResult {
  const ofSignal = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const ofAll = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const given = ofSignal || ofAll;
  if (!given) return {};
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http';
  if (!protocol.startsWith('http')) {
    return {
      problem: `Spans are not sent to ${given}: this sample forwards over HTTP only, and the protocol is ${protocol}`,
    };
  }
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    return {
      problem: `Spans are not sent to ${given}: expected an address that starts with http:// or https://`,
    };
  }
  const url = ofSignal ? given : `${given.replace(/\/+$/, '')}/v1/traces`;
  const lists = [env['OTEL_EXPORTER_OTLP_HEADERS'], env['OTEL_EXPORTER_OTLP_TRACES_HEADERS']];
  return {
    endpoint: { url, headers: Object.assign({}, ...lists.map(readHeaders)) as Record<string, string> },
  };
}

/** `name=value,name=value`, both percent-encoded. What cannot be read is left out. */
function readHeaders(list = ''): Readonly<Record<string, string>> {
  const pairs = list.split(',').flatMap((pair) => {
    const [name = '', ...value] = pair.split('=');
    return name.trim() && value.length > 0 ? [[decode(name).toLowerCase(), decode(value.join('='))]] : [];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}
