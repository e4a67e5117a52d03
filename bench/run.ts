import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import { batchOf, payloadOf, recordOf } from './messages.js';
import { type Calls, type Measured, type Plan, measureBytes, measureTimes, median, ratio } from './rounds.js';
import { type Sdk, register } from './sdk.js';
import { type Side, type SideName, makeSides } from './sides.js';

interface Work {
  readonly name: string;
  readonly messages: number;
  /** In the context of a request; a consumer calls its handlers in none. @default false */
  readonly inRequest?: boolean;
  readonly call: (side: Side, index: number) => unknown;
}

// A record for each call: the auto-instrumentation writes into the caller's own headers, and would be found there by others.
const WORK: readonly Work[] = [
  { name: 'send', messages: 1, inRequest: true, call: ({ producer }) => producer.send(recordOf(1)) },
  { name: 'handle', messages: 1, call: ({ eachMessage }, index) => eachMessage(payloadOf(index)) },
  { name: 'send 100', messages: 100, inRequest: true, call: ({ producer }) => producer.send(recordOf(100)) },
  { name: 'handle 100', messages: 100, call: ({ eachBatch }, index) => eachBatch(batchOf(index * 100, 100)) },
  {
    name: 'send 1000',
    messages: 1000,
    inRequest: true,
    call: ({ producer }) => producer.send(recordOf(1000)),
  },
  {
    name: 'handle 1000',
    messages: 1000,
    call: ({ eachBatch }, index) => eachBatch(batchOf(index * 1000, 1000)),
  },
];

const isShort = process.argv.includes('--short');
const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7);

for (const sdk of ['sampled', 'unsampled', 'none', 'metrics'] satisfies Sdk[]) {
  const { tracerProvider } = register(sdk);
  const sides = await makeSides(tracerProvider);
  for (const { name, messages, inRequest, call } of WORK) {
    if (only && !only.split(',').includes(`${sdk}:${name}`)) continue;
    const calls = Object.fromEntries(
      Object.entries(sides).map(([side, it]) => [side, (index: number) => call(it, index)]),
    ) as Calls<SideName>;
    const plan: Plan = { rounds: isShort ? 5 : 40, calls: Math.max(2, Math.ceil(2000 / messages)) };
    const parent = trace.getTracer('bench').startSpan('parent');
    const active = sdk === 'none' || !inRequest ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    const times = await context.with(active, () => measureTimes(calls, plan));
    const bytes = await context.with(active, () =>
      measureBytes(calls, { ...plan, rounds: 9, calls: Math.max(1, Math.ceil(200 / messages)) }),
    );
    print(sdk, name, messages, times, bytes);
  }
}

function print(
  sdk: Sdk,
  name: string,
  messages: number,
  times: Measured<SideName>,
  bytes: Measured<SideName>,
): void {
  const own = (side: SideName) => ((median(times[side]) - median(times.untraced)) / messages).toFixed(3);
  const cost = (side: SideName) => times[side].map((time, round) => time - times.untraced[round]!);
  process.stdout.write(
    `${[
      sdk.padEnd(10),
      name.padEnd(12),
      `untraced ${median(times.untraced).toFixed(3)} floor +${own('floor')} ours +${own('ours')} auto +${own('auto')} µs/msg`,
      `ours/floor ${ratio(times.ours, times.floor).toFixed(3)} (cost ${ratio(cost('ours'), cost('floor')).toFixed(3)})`,
      `ours/auto ${ratio(times.ours, times.auto).toFixed(3)}`,
      `bytes ${(['untraced', 'floor', 'ours', 'auto'] as const).map((side) => Math.round(median(bytes[side]) / messages)).join(' ')}`,
    ].join(' ')}\n`,
  );
}
