import { describe, expect, it } from 'vitest';
import { readableLog } from '../../../sample/runner/readable-log.js';

describe('readableLog', () => {
  it('writes out what a service logs, with the stack of an error, and leaves other lines as they are', () => {
    const lines = [
      'half a line"}',
      JSON.stringify({ level: 'warn', context: 'Startup', msg: 'Kafka is not reachable yet' }),
      JSON.stringify({ level: 'error', msg: 'no', err: { stack: 'Error: no\n    at here' } }),
      '{"level":"inf',
    ];
    expect(readableLog(lines.join('\n')).split('\n')).toEqual([
      'half a line"}',
      'WARN [Startup] Kafka is not reachable yet',
      'ERROR no',
      'Error: no',
      '    at here',
      '{"level":"inf',
    ]);
  });
});
