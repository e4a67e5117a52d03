import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  answerJson,
  readBody,
  startTraceReceiver,
  type TraceReceiver,
  TraceStore,
} from '../../../sample/trace-viewer/index.js';
import { ask } from './support/requests.js';

const JSON_TYPE = { 'content-type': 'application/json' };

let receiver: TraceReceiver;
let port: string;

beforeEach(async () => {
  receiver = await startTraceReceiver({
    store: new TraceStore(),
    routes: {
      'GET /api/sample/:name': (_request, response, { name }) => answerJson(response, { name }),
      'POST /api/sample/orders': async (request, response) =>
        answerJson(response, JSON.parse(String(await readBody(request, 1000))), 201),
      'GET /api/broken': () => {
        throw new Error('boom');
      },
    },
  });
  port = new URL(receiver.url).port;
});

afterEach(() => receiver.stop());

const get = (path: string): ReturnType<typeof ask> => ask(`${receiver.url}${path}`);

describe('the routes of others', () => {
  it('are found by their method and the segments of their path', async () => {
    expect((await get('/api/sample/a.b?x=/y')).body).toBe('{"name":"a.b"}');
    expect((await get('/api/sample/a/b')).status).toBe(404);
    expect((await ask(`${receiver.url}/api/sample/a`, { method: 'DELETE', headers: JSON_TYPE })).status).toBe(
      405,
    );
    const answer = await ask(`${receiver.url}/api/sample/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '{"amount":1}',
    });
    expect([answer.status, answer.body]).toEqual([201, '{"amount":1}']);
  });

  it('are answered for when they throw, and the server goes on', async () => {
    expect((await get('/api/broken')).status).toBe(500);
    expect((await get('/api/traces')).status).toBe(200);
  });

  it('may be none: then nobody serves the sample', async () => {
    const { status, body } = await get('/api/sample');
    expect([status, body]).toEqual([204, '']);
  });
});

describe('the guard of the page', () => {
  const OURS = ['/', '/main.js', '/api/traces', '/api/events', '/api/lag', '/api/sample/x', '/nothing'];

  it.each(OURS)('lets nobody read %s by a name of another site that leads here', async (path) => {
    for (const host of [`evil.example:${port}`, '127.0.0.1', `127.0.0.1:${Number(port) + 1}`, 'localhost']) {
      expect((await ask(`${receiver.url}${path}`, { headers: { host } })).status).toBe(403);
    }
  });

  it.each(['127.0.0.1', 'localhost', '[::1]'])('answers to %s', async (name) => {
    const headers = { host: `${name}:${port}` };
    expect((await ask(`${receiver.url}/api/traces`, { headers })).status).toBe(200);
    const post = {
      method: 'POST',
      headers: { ...headers, ...JSON_TYPE, origin: `http://${name}:${port}` },
      body: '{}',
    };
    expect((await ask(`${receiver.url}/api/sample/orders`, post)).status).toBe(201);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:1', 'http://127.0.0.1'])(
    'takes no order from the origin %s',
    async (origin) => {
      const options = { method: 'POST', headers: { ...JSON_TYPE, origin }, body: '{}' };
      expect((await ask(`${receiver.url}/api/sample/orders`, options)).status).toBe(403);
    },
  );

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', undefined])(
    'takes no order as %s, which a form of any site can send',
    async (type) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const options = { method: 'POST', headers, body: '{"amount":1}' };
      expect((await ask(`${receiver.url}/api/sample/orders`, options)).status).toBe(415);
    },
  );

  it('lets no other site ask whether it may', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await ask(`${receiver.url}/api/sample/orders`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('does not stand before the end points of OTLP, to which any name may lead', async () => {
    const headers = { host: 'collector:4318', ...JSON_TYPE };
    for (const path of ['/v1/traces', '/v1/metrics']) {
      expect((await ask(`${receiver.url}${path}`, { method: 'POST', headers, body: '{}' })).status).toBe(200);
    }
  });

  it('knows no HEAD, and says so', async () => {
    expect((await ask(receiver.url, { method: 'HEAD' })).status).toBe(405);
  });
});
