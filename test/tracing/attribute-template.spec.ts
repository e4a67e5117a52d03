import { describe, expect, it } from 'vitest';
import { AttributeTemplate } from '../../lib/tracing/attribute-template.js';

describe('a template of attributes', () => {
  it.each([
    [undefined, undefined, undefined, {}],
    ['', 0, '0', { 'kafka.message.key': '', 'messaging.destination.partition.id': '0', 'kafka.offset': 0 }],
    [undefined, 3, undefined, { 'messaging.destination.partition.id': '3' }],
    ['key', null, '7', { 'kafka.message.key': 'key', 'kafka.offset': 7 }],
  ])(
    'filled with key %j, partition %j, offset %j has these, and what is the same',
    (key, partition, offset, own) => {
      const template = new AttributeTemplate({ 'messaging.destination.name': 'orders' }, false);
      const expected = { 'messaging.destination.name': 'orders', ...own };
      expect(template.filled(key, partition, offset)).toEqual(expected);
      expect(template.filled(key, partition, offset)).toEqual(expected);
    },
  );

  it('has the former names, too, where they are wanted', () => {
    expect(new AttributeTemplate({}, true).filled('key', undefined, '7')).toEqual({
      'kafka.message.key': 'key',
      'messaging.kafka.message.key': 'key',
      'kafka.offset': 7,
      'messaging.kafka.offset': 7,
    });
  });

  it('gives another object each time, and keeps nothing of one in the next', () => {
    const template = new AttributeTemplate({}, false);
    const first = template.filled('key', 1, '1');
    first['own'] = true;
    expect(template.filled('other', 2, '2')).toEqual({
      'kafka.message.key': 'other',
      'messaging.destination.partition.id': '2',
      'kafka.offset': 2,
    });
  });
});
