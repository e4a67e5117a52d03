import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LagStore,
  type Span,
  startTraceReceiver,
  type TraceReceiver,
  TraceStore,
} from '../../../sample/trace-viewer/index.js';
import type { TracesEvent } from '../../../sample/trace-viewer/page/page-api.js';
import { LiveEvents } from '../../../sample/trace-viewer/page-server/live-events.js';
import { TraceSummaries } from '../../../sample/trace-viewer/page-server/trace-summaries.js';
import { until } from '../../support/until.js';
import { type EventStream, openEvents } from './support/event-stream.js';
import { linkTo, span } from './support/spans.js';

const trace = (index: number): string => index.toString(16).padStart(32, '0');
const spanOf = (index: number, rest: Partial<Span> = {}): Span => ({
  ...span('01', undefined, index, index + 1, rest),
  traceId: trace(index),
});

const tracesEvents = ({ events }: EventStream): readonly TracesEvent[] =>
  events.filter(({ event }) => event === 'traces').map(({ data }) => data as TracesEvent);

const changedIn = (event: TracesEvent | undefined): readonly string[] | undefined =>
  event?.changed.map(({ traceId }) => traceId).toSorted();

describe('GET /api/events', () => {
  let store: TraceStore;
  let lag: LagStore;
  let receiver: TraceReceiver;
  let streams: EventStream[];

  beforeEach(async () => {
    store = new TraceStore({ maxTraces: 3 });
    lag = new LagStore();
    streams = [];
    receiver = await startTraceReceiver({ store, lag });
  });

  afterEach(async () => {
    streams.forEach((stream) => stream.close());
    await receiver.stop();
  });

  async function open(): Promise<EventStream> {
    const stream = await openEvents(`${receiver.url}/api/events`);
    streams.push(stream);
    await until('there is everything', () => tracesEvents(stream).length === 1);
    return stream;
  }

  it('begins with everything, traces and lag, also where there is nothing', async () => {
    const empty = await open();
    expect(tracesEvents(empty)).toEqual([{ changed: [], removed: [] }]);
    expect(empty.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    store.add([spanOf(1), spanOf(2)]);
    const full = await open();
    expect(changedIn(tracesEvents(full)[0])).toEqual([1, 2].map(trace));
    await until('there is lag', () => full.events.some(({ event }) => event === 'lag'));
    expect(full.events.find(({ event }) => event === 'lag')?.data).toEqual([]);
  });

  it('tells only what has changed, and with it what a link joins', async () => {
    store.add([spanOf(1), spanOf(2)]);
    const stream = await open();
    store.add([spanOf(3, { links: [linkTo('01', trace(1))] })]);
    await until('there is a change', () => tracesEvents(stream).length === 2);
    const [, change] = tracesEvents(stream);
    expect(changedIn(change)).toEqual([1, 3].map(trace));
    expect(change?.changed.map(({ linkedTraceCount }) => linkedTraceCount)).toEqual([1, 1]);
  });

  it('collects what comes in quick succession, each trace once and as it is then', async () => {
    const stream = await open();
    for (let round = 0; round < 50; round++) store.add([spanOf(1, { name: `round ${round}` }), spanOf(2)]);
    await until('there is a change', () => tracesEvents(stream).length === 2);
    store.add([spanOf(3)]);
    await until('there is the next', () => tracesEvents(stream).length === 3);
    const [, change, next] = tracesEvents(stream);
    expect(change?.changed.map(({ title }) => title)).toEqual(['round 49', 'span 01']);
    expect(changedIn(next)).toEqual([trace(3)]);
  });

  it('tells what is not held any more, once, and only what the page knew', async () => {
    store.add([spanOf(1), spanOf(2)]);
    const stream = await open();
    store.add([3, 4, 5, 6, 7].map((index) => spanOf(index)));
    await until('there is a change', () => tracesEvents(stream).length === 2);
    store.add([spanOf(7)]);
    await until('there is the next', () => tracesEvents(stream).length === 3);
    const [, change, next] = tracesEvents(stream);
    expect(changedIn(change)).toEqual([5, 6, 7].map(trace));
    expect(change?.removed.toSorted()).toEqual([1, 2].map(trace));
    expect(next?.removed).toEqual([]);
  });

  it('tells the lag of consumers', async () => {
    const stream = await open();
    lag.add([{ group: 'g', topic: 't', partition: '0', timeUnixNano: 5_000_000n, messages: 3 }]);
    await until('there is lag', () =>
      stream.events.some(({ data }) => Array.isArray(data) && data.length > 0),
    );
    expect(stream.events.at(-1)).toEqual({
      event: 'lag',
      data: [{ group: 'g', topic: 't', partition: '0', points: [[5, 3]] }],
    });
  });

  it('tells every page, and goes on when one of them is closed', async () => {
    const [one, other] = [await open(), await open()];
    one.close();
    store.add([spanOf(1)]);
    await until('the other is told', () => tracesEvents(other).length === 2);
    expect(tracesEvents(one)).toHaveLength(1);
  });

  it('ends the connections of pages when it is stopped', async () => {
    const stream = await open();
    await receiver.stop();
    await until('the stream has ended', () => stream.hasEnded);
    expect(() => store.add([spanOf(1)])).not.toThrow();
  });
});

describe('LiveEvents', () => {
  let store: TraceStore;
  let lag: LagStore;
  let live: LiveEvents;
  let server: Server;
  let response: ServerResponse | undefined;
  let socket: Socket | undefined;

  beforeEach(async () => {
    store = new TraceStore({ maxTraces: 300 });
    lag = new LagStore();
    response = undefined;
  });

  afterEach(() => {
    vi.useRealTimers();
    live.stop();
    socket?.destroy();
    server.close();
    server.closeAllConnections();
  });

  async function connectPage(): Promise<Socket> {
    live = new LiveEvents(new TraceSummaries(store), lag);
    server = createServer((_request, answer) => {
      response = answer;
      live.add(answer);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until('the page is connected', () => response !== undefined);
    return socket;
  }

  it('sends something now and then, so that either side notices when the other is gone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const page = await connectPage();
    let text = '';
    page.on('data', (chunk) => (text += String(chunk))).resume();
    vi.advanceTimersByTime(60_000);
    await until('something is sent', () => text.includes('\n:\n'));
    expect(text.match(/^:$/gm)?.length).toBeGreaterThanOrEqual(1);
  });

  it('keeps little for a page that does not read, and tells it later how things are then', async () => {
    const page = await connectPage();
    const longName = 'x'.repeat(1900);
    let index = 0;
    const addTraces = (): void => {
      for (let end = index + 300; index < end; index++) store.add([spanOf(index + 1, { name: longName })]);
      lag.add([{ group: 'g', topic: 't', partition: '0', timeUnixNano: BigInt(index), messages: 1 }]);
    };
    await until('what is sent is not taken any more', () => {
      addTraces();
      return response!.writableNeedDrain && response!.writableLength > 0;
    });
    const waiting = response!.writableLength;
    const rounds = index + 300 * 50;
    await until('much more has changed', () => {
      addTraces();
      return index > rounds;
    });
    expect(response!.writableLength).toBeLessThan(waiting + 1_000_000);
    expect(response!.listenerCount('drain')).toBeLessThan(5);

    let text = '';
    page.on('data', (chunk) => (text = (text + String(chunk)).slice(-2_000_000))).resume();
    await until('it knows the latest trace', () => text.includes(trace(index)));
  });
});
