import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { Failure } from '../model/failure.ts';
import { HttpProblem } from './problem.ts';

export interface ListenOptions {
  /** `0` takes a free one. */
  port: number;
  /** Loopback unless told otherwise. */
  host?: string;
  /** What sets the port, for the message when it is taken: `MUSTER_PORT`. */
  setting?: string;
  /** Milliseconds a sender may take for the headers and for the whole request. Defaults 10 s and 20 s. */
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
}

export interface Listening {
  host: string;
  port: number;
  /** `http://127.0.0.1:8080` */
  url: string;
  /** Takes no more requests, lets running ones end for up to `graceMs` (default 5 s), then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** Serves an app. Senders who dawdle are cut off, and a port that is taken is named. */
export async function listen(app: Express, options: ListenOptions): Promise<Listening> {
  const { port, host = '127.0.0.1', headersTimeoutMs = 10_000, requestTimeoutMs = 20_000 } = options;
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      // Node looks for late requests only this often; the default of 30 s would make every other limit meaningless.
      connectionsCheckingInterval: Math.max(20, Math.min(1_000, Math.floor(requestTimeoutMs / 4))),
    },
    app,
  );
  server.on('clientError', answerBrokenRequest);
  await bind(server, port, host, options.setting);
  const address = addressOf(server);
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    host,
    port: address.port,
    url: `http://${shown}:${address.port}`,
    close: (graceMs = 5_000) => close(server, graceMs),
  };
}

function bind(server: Server, port: number, host: string, setting: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const why = taken ? 'is taken by another process' : `cannot be listened on (${error.code ?? error.message})`;
      const advice = setting === undefined ? {} : { advice: `Set ${setting} to another port, or to 0 for a free one.` };
      reject(new Failure('unavailable', `port ${port} on ${host} ${why}`, { cause: error, ...advice }));
    });
    server.listen(port, host, resolve);
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Failure('unavailable', 'the server has no address');
  return address;
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

const brokenStatus: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** A request that never became one: too slow, or not HTTP. Express does not see it, so the answer is written here. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = brokenStatus[error.code ?? ''] ?? 400;
  const body = JSON.stringify(new HttpProblem(status).body());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
