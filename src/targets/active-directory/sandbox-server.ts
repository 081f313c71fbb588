import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { Failure } from '../../model/failure.ts';
import type { Fault, StandInTools } from '../../sandbox/stand-in.ts';
import { type Answering, Refused, resultMessage } from './sandbox-answering.ts';
import { logonFailure } from './sandbox-answers.ts';
import { type Asked, type Asking, answerTag, isChange, takeMessage } from './sandbox-requests.ts';

/** Listens for LDAPS, applies the faults in force, and has each connection answered by its own `answers`. */
export function listenLdaps(
  answers: () => Answering,
  tools: StandInTools,
  options: { host: string; port: number; tls: { key: string; cert: string } },
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer(
    { ...options.tls, minVersion: 'TLSv1.2' },
    (socket) => new Conversation(answers(), tools, socket),
  );
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
  readonly #answers: Answering;
  readonly #tools: StandInTools;
  readonly #socket: TLSSocket;
  readonly #delayed = new Map<number, NodeJS.Timeout>();
  #received: Buffer = Buffer.alloc(0);

  constructor(answers: Answering, tools: StandInTools, socket: TLSSocket) {
    this.#answers = answers;
    this.#tools = tools;
    this.#socket = socket;
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      for (const timer of this.#delayed.values()) clearTimeout(timer);
      answers.end?.();
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
      // An answer that cannot be had is a connection that is cut.
      this.#answer(asking, fault).catch(() => this.#socket.destroy());
    };
    if (fault?.latencyMs === undefined || fault.latencyMs === 0) answer();
    else this.#delayed.set(asking.id, setTimeout(answer, fault.latencyMs));
  }

  async #answer(asking: Asking, fault: Fault | undefined): Promise<void> {
    const answer =
      fault?.status === undefined
        ? await this.#answers.to(asking, fault?.lie === true)
        : resultMessage(asking.id, answerTag(asking.asked), refusedFor(fault.status));
    if (this.#socket.writable) this.#socket.write(answer);
  }

  /** The fault, where it has something to do with this request; one of its count is used up then. */
  #fault(asked: Asked): Fault | undefined {
    const fault = this.#tools.fault();
    if (fault === undefined) return undefined;
    const { status, latencyMs, hang, lie, vendor } = fault;
    const general = status !== undefined || latencyMs !== undefined || hang === true || vendor === 'cut';
    if (!general && !(lie === true && isChange(asked))) return undefined;
    this.#tools.faultUsed?.();
    return fault;
  }
}

/** The result code that comes nearest to an HTTP status. */
function refusedFor(status: number): Refused {
  if (status === 401) return logonFailure('52e');
  if (status === 403)
    return new Refused(50, '00000005: SecErr: DSID-03152612, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0');
  if (status === 404) return new Refused(32, '0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0');
  if (status === 409) return new Refused(68, '00000524: UpdErr: DSID-031A11FA, problem 6005 (ENTRY_EXISTS), data 0');
  if (status === 429) return new Refused(51, '000020E3: SvcErr: DSID-03210CFE, problem 5001 (BUSY), data 0');
  if (status >= 500) return new Refused(52, '000020EF: SvcErr: DSID-0321075E, problem 5002 (UNAVAILABLE), data 0');
  return new Refused(53, '00002077: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0');
}
