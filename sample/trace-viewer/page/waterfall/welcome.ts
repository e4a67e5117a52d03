import { element } from '../element.js';
import { sendingHere } from '../traces/no-traces.js';

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['↑', '↓'], 'or j and k: the trace or span above and below'],
  [['Enter'], 'opens a trace'],
  [['←', '→'], 'collapse and expand a span, or go to its parent and first child'],
  [['f'], 'follows the first link of a span'],
  [['b'], 'follows the first link to a span, back to where it comes from'],
  [['Esc'], 'back to the list'],
  [['/'], 'filters the list'],
];

/** What stands where a waterfall will be. */
export function welcome(): readonly Node[] {
  return [
    element(
      'div',
      { class: 'welcome' },
      element('h2', {}, 'Choose a trace'),
      element(
        'p',
        {},
        'Its spans appear here on one time axis, over all services, with their way through Kafka.',
      ),
      element(
        'dl',
        { class: 'keys' },
        ...KEYS.map(([keys, does]) =>
          element(
            'div',
            {},
            element('dt', {}, ...keys.map((key) => element('kbd', {}, key))),
            element('dd', {}, does),
          ),
        ),
      ),
      element('h3', {}, 'Send your own spans here'),
      element('p', {}, 'Start any process that uses OpenTelemetry with'),
      sendingHere(),
    ),
  ];
}
