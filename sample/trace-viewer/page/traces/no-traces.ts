import { copyButton } from '../copy-button.js';
import { byId, element } from '../element.js';

/** What to do while there is nothing to see. */
export function noTraces(): HTMLElement {
  const order = byId('sample').hidden ? '' : 'Place an order above, and its trace appears here. Or let';
  return element(
    'div',
    {},
    element('p', {}, element('strong', {}, 'No traces yet.')),
    element('p', {}, `${order || 'Let'} any OpenTelemetry process of this machine send its spans:`),
    sendingHere(),
  );
}

/** The variables that make a process send its spans here. */
export function sendingHere(): HTMLElement {
  const variables = `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
  return element(
    'div',
    { class: 'snippet' },
    element('pre', {}, element('code', {}, variables)),
    copyButton(variables, 'the environment variables'),
  );
}
