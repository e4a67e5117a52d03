import { SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { SCOPE_NAME } from '../../lib/tracing/instrumentation-scope.js';
import { FOREIGN } from '../support/foreign-instrumentation.js';
import { clientConfig, freshTopic, readPlain } from '../support/kafka.js';
import { type ProgramSetup, runProgram } from '../support/nest-program.js';
import type { Seen, SeenSpan, TwoInstrumentations } from '../support/programs/two-instrumentations.js';

type Order = TwoInstrumentations['order'];

const NEST_11 = /^11\./;
const NEST_12 = /^12\./;
const ESM = /dist\/esm/;
const COMMON_JS = /dist\/cjs/;

/** Each in a process of its own: what is patched there stays patched. */
describe(`an application in which ${FOREIGN} is active`, () => {
  it.each<[what: string, order: Order, setup: ProgramSetup, nest: RegExp, library: RegExp]>([
    ['Nest 12', 'before', { nest: 12, loads: 'import' }, NEST_12, ESM],
    ['Nest 12', 'after', { nest: 12, loads: 'import' }, NEST_12, ESM],
    ['Nest 11, required', 'before', { nest: 11, loads: 'require' }, NEST_11, ESM],
    ['Nest 11, required', 'after', { nest: 11, loads: 'require' }, NEST_11, ESM],
    ['Nest 11, imported', 'after', { nest: 11, loads: 'import' }, NEST_11, ESM],
    [
      'Nest 11, as CommonJS',
      'before',
      { nest: 11, loads: 'require', commonJsOnly: true },
      NEST_11,
      COMMON_JS,
    ],
  ])(
    'has our spans only, and one warning: %s, the other loaded %s ours',
    async (...row) => {
      const [, order, setup, nest, library] = row;
      const [events, requests] = [await freshTopic(), await freshTopic('sum', { reply: true })];
      const { brokers } = clientConfig('program');
      const given: TwoInstrumentations = { order, config: { brokers }, events, requests };

      const seen = await runProgram<Seen>('two-instrumentations', setup, given);

      expect(seen).toMatchObject({
        nest: expect.stringMatching(nest),
        library: expect.stringMatching(library),
        isActive: true,
        reply: 'answered',
      });
      const ofMessages = [SpanKind.PRODUCER, SpanKind.CONSUMER];
      expect(
        seen.spans
          .filter(({ kind }) => ofMessages.includes(kind))
          .map(({ scope, kind, name }) => `${scope}: ${SpanKind[kind]} ${name}`)
          .sort(),
      ).toEqual([
        `${SCOPE_NAME}: CONSUMER process ${events}`,
        `${SCOPE_NAME}: CONSUMER process ${requests}`,
        `${SCOPE_NAME}: CONSUMER process ${requests}.reply`,
        `${SCOPE_NAME}: PRODUCER send ${events}`,
        `${SCOPE_NAME}: PRODUCER send ${requests}`,
        `${SCOPE_NAME}: PRODUCER send ${requests}.reply`,
      ]);
      expect(seen.spans.filter(({ scope }) => scope === FOREIGN)).toEqual([]);
      const spanOf = (name: string): SeenSpan => seen.spans.find((span) => span.name === name) as SeenSpan;
      expect(spanOf(`send ${events}`).parent).toBe(spanOf('caller').spanId);
      expect(spanOf(`send ${requests}.reply`).parent).toBe(spanOf(`process ${requests}`).spanId);
      for (const topic of [events, requests, `${requests}.reply`]) {
        const [send, process] = [spanOf(`send ${topic}`), spanOf(`process ${topic}`)];
        expect(process).toMatchObject({ traceId: spanOf('caller').traceId, parent: send.spanId });
        expect([send.links, process.links]).toEqual([[], [send.spanId]]);
        const [message] = await readPlain(topic, 1);
        expect(String(message?.headers?.['traceparent'])).toBe(`00-${send.traceId}-${send.spanId}-01`);
      }
      expect(seen.warnings.filter((line) => line.includes('Another instrumentation'))).toEqual([
        expect.stringMatching(
          `^KafkaTracing: Another instrumentation traces kafkajs, too: ${FOREIGN}, .*enabled: false`,
        ),
      ]);
    },
    90_000,
  );
});
