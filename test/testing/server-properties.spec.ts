import { expect, it } from 'vitest';
import { serverProperties } from '../../lib/testing/server-properties.js';

it('writes what Java reads back, and lets the given properties win', () => {
  const text = serverProperties({ client: 1, controller: 2 }, '/data', {
    'offsets.topic.num.partitions': 50,
    'a path': ' C:\\data\nnext',
    'auto.create.topics.enable': false,
  });
  expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n');
  expect(text).toContain('offsets.topic.num.partitions=50\n');
  expect(text).not.toContain('offsets.topic.num.partitions=1\n');
  expect(text).toContain('a\\ path=\\ C:\\\\data\\nnext\n');
  expect(text).toContain('auto.create.topics.enable=false\n');
});
