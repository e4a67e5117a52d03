import { describe, expect, it } from 'vitest';
import { clientConfig, freshTopic, readPlain } from '../support/kafka.js';
import { type ProgramSetup, runProgram } from '../support/nest-program.js';
import type { LifeOfAnApplication, Lived } from '../support/programs/life-of-an-application.js';

/** Each in a process of its own, as its Nest is one of its own. */
describe('an application, from its start to its end', () => {
  it.each<[what: string, setup: ProgramSetup]>([
    ['Nest 12', { nest: 12, loads: 'import' }],
    ['Nest 11, required', { nest: 11, loads: 'require' }],
    ['Nest 11, as CommonJS', { nest: 11, loads: 'require', commonJsOnly: true }],
  ])('says what is traced, and loses no span: %s', async (_what, setup) => {
    const [events, farewells] = [await freshTopic(), await freshTopic('farewells')];
    const { brokers } = clientConfig('program');
    const given: LifeOfAnApplication = { config: { brokers }, events, farewells };

    const { log, diagnosis, order, isWithoutStreams } = await runProgram<Lived>(
      'life-of-an-application',
      setup,
      given,
    );

    expect(log).toEqual([
      `Traces 1 server (${events}-server-server), 1 client (client-client), 1 topic (${events}). ` +
        'Registered: tracer provider, propagator (traceparent, tracestate), context manager. Not registered: meter provider.',
    ]);
    expect(diagnosis).toMatchObject({
      servers: [
        { name: 'ServerKafka', groupId: `${events}-server-server`, clientId: 'server-server', brokers },
      ],
      clients: [{ name: 'ClientKafka', clientId: 'client-client', brokers }],
      topics: [{ pattern: events, kind: 'event', handlers: ['Orders.take'] }],
      openSpans: 1,
      warnings: [],
    });
    // The hook of a global module that is imported before ours comes after ours: it is exported, too.
    expect(order).toEqual([
      `send ${events}`,
      'handled',
      `process ${events}`,
      'exported',
      `send ${farewells}`,
      'exported',
    ]);
    expect(isWithoutStreams).toBe(true);
    const [farewell] = await readPlain(farewells, 1);
    expect(farewell?.headers).toHaveProperty('traceparent');
  });
});
