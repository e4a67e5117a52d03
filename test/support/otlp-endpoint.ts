import { type Server, createServer } from 'node:http';
import {
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
  createServer as createTcpServer,
} from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterTest } from './tracing.js';

/** An OTLP end point on 127.0.0.1, until the test is over. */
export interface Endpoint {
  readonly url: string;
  /** How often it was connected to, or asked. */
  readonly asked: () => number;
  readonly answered: () => number;
}

type Answer = (status: number, body?: Buffer) => void;

/** Nothing listens there. */
export async function endpointThatIsDown(): Promise<Endpoint> {
  const server = createTcpServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return { url, asked: () => 0, answered: () => 0 };
}

/** It takes everything, and answers after that time. */
export function slowEndpoint(milliseconds: number): Promise<Endpoint> {
  return endpoint((answer) => {
    const timer = setTimeout(answer, milliseconds, 200);
    afterTest(() => clearTimeout(timer));
  });
}

export function refusingEndpoint(status: number): Promise<Endpoint> {
  return endpoint((answer) => answer(status, Buffer.from('no')));
}

/** What it answers is no message of OTLP's. */
export function endpointThatAnswersGarbage(): Promise<Endpoint> {
  return endpoint((answer) => answer(200, randomBytes(4_096)));
}

/** What it answers is not even HTTP. */
export async function endpointThatIsNoHttpServer(): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createTcpServer((socket) => {
    asked += 1;
    sockets.add(socket);
    socket.on('error', () => {}).end(randomBytes(4_096));
  });
  const url = await listening(server);
  afterTest(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { url, asked: () => asked, answered: () => asked };
}

async function endpoint(handle: (answer: Answer) => void): Promise<Endpoint> {
  let [asked, answered] = [0, 0];
  const server: Server = createServer((request, response) => {
    asked += 1;
    request.resume();
    handle((status, body) => {
      answered += 1;
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end(body);
    });
  });
  const url = await listening(server);
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, asked: () => asked, answered: () => answered };
}

function listening(server: Server | TcpServer): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`);
    });
  });
}
