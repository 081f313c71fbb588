import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { Failure } from '../../model/failure.ts';
import type { Fault } from '../../sandbox/stand-in.ts';
import { Answers, isChange, type Served } from './sandbox-answers.ts';
import { type Asked, type Asking, Refused, resultMessage, takeMessage } from './sandbox-protocol.ts';

/** Listens for LDAPS. */
export function listenLdaps(
  served: Served,
  options: { host: string; port: number; tls: { key: string; cert: string } },
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ ...options.tls, minVersion: 'TLSv1.2' }, (socket) => new Conversation(served, socket));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new Failure('misconfigured', `the sandbox cannot listen for LDAPS on port ${options.port}`, { cause: error }),
      );
    });
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve({
        port: address === null || typeof address === 'string' ? options.port : address.port,
        close: () => {
          for (const socket of sockets) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    });
  });
}

/** One client's connection, from its bind to its end. */
class Conversation {
  readonly #served: Served;
  readonly #socket: TLSSocket;
  readonly #answers: Answers;
  readonly #delayed = new Map<number, NodeJS.Timeout>();
  #received: Buffer = Buffer.alloc(0);

  constructor(served: Served, socket: TLSSocket) {
    this.#served = served;
    this.#socket = socket;
    this.#answers = new Answers(served);
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      for (const timer of this.#delayed.values()) clearTimeout(timer);
    });
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    for (let asking = this.#next(); asking !== undefined; asking = this.#next()) this.#take(asking);
  }

  #next(): Asking | undefined {
    try {
      const taken = takeMessage(this.#received);
      if (taken !== undefined) this.#received = taken.rest;
      return taken?.asking;
    } catch {
      this.#received = Buffer.alloc(0);
      // Notice of disconnection, RFC 4511 4.4.1.
      this.#socket.end(
        resultMessage(0, 0x78, new Refused(2, '00000057: LdapErr: DSID-0C0C0095, comment: Error decoding')),
      );
      return undefined;
    }
  }

  #take(asking: Asking): void {
    const { asked } = asking;
    if (asked.kind === 'unbind') return void this.#socket.end();
    if (asked.kind === 'abandon') {
      clearTimeout(this.#delayed.get(asked.id));
      this.#delayed.delete(asked.id);
      return;
    }
    const fault = this.#fault(asked);
    if (fault?.hang === true) return;
    if (fault?.vendor === 'cut') return void this.#socket.destroy();
    const answer = () => {
      this.#delayed.delete(asking.id);
      this.#socket.write(this.#answers.to(asking, fault));
    };
    if (fault?.latencyMs === undefined || fault.latencyMs === 0) answer();
    else this.#delayed.set(asking.id, setTimeout(answer, fault.latencyMs));
  }

  /** The fault, where it has something to do with this request; one of its count is used up then. */
  #fault(asked: Asked): Fault | undefined {
    const fault = this.#served.tools.fault();
    if (fault === undefined) return undefined;
    const { status, latencyMs, hang, lie, vendor } = fault;
    const general = status !== undefined || latencyMs !== undefined || hang === true || vendor === 'cut';
    if (!general && !(lie === true && isChange(asked))) return undefined;
    this.#served.tools.faultUsed?.();
    return fault;
  }
}
