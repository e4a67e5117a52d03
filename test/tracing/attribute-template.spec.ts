import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { AttributeTemplate } from '../../lib/tracing/attribute-template.js';

function templateOf(same: Attributes, both = false): AttributeTemplate {
  return new AttributeTemplate(same, both, (shape) => ({ ...shape }));
}

describe('a template of attributes', () => {
  it.each([
    [{}, {}],
    [
      { key: '', partition: 0, offset: '0' },
      { 'kafka.message.key': '', 'messaging.destination.partition.id': '0', 'kafka.offset': 0 },
    ],
    [{ partition: 3 }, { 'messaging.destination.partition.id': '3' }],
    [
      { key: 'key', partition: null, offset: '7' },
      { 'kafka.message.key': 'key', 'kafka.offset': 7 },
    ],
    [{ topic: 'orders' }, { 'messaging.destination.name': 'orders' }],
    [
      { topic: 'replies-7', template: 'replies-{instance}', partition: 1 },
      {
        'messaging.destination.name': 'replies-7',
        'messaging.destination.template': 'replies-{instance}',
        'messaging.destination.partition.id': '1',
      },
    ],
  ])('filled with %j has that, and what is the same', (said, own) => {
    const template = templateOf({ 'messaging.operation.name': 'send' });
    const expected = { 'messaging.operation.name': 'send', ...own };
    expect(template.filled(said)).toEqual(expected);
    expect(template.filled(said)).toEqual(expected);
  });

  it('has the former names, too, where they are wanted', () => {
    expect(templateOf({}, true).filled({ key: 'key', offset: '7' })).toEqual({
      'kafka.message.key': 'key',
      'messaging.kafka.message.key': 'key',
      'kafka.offset': 7,
      'messaging.kafka.offset': 7,
    });
  });

  it('gives another object each time, and keeps nothing of one in the next', () => {
    const template = templateOf({});
    const first = template.filled({ key: 'key', partition: 1, offset: '1' });
    first['own'] = true;
    expect(template.filled({ key: 'other', partition: 2, offset: '2' })).toEqual({
      'kafka.message.key': 'other',
      'messaging.destination.partition.id': '2',
      'kafka.offset': 2,
    });
  });
});
