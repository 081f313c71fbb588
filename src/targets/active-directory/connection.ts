import { connect, type TLSSocket } from 'node:tls';
import { Client } from 'ldapts';
import { connectionFailure, failureOf, noAnswer, Refusal } from './failures.ts';

/** All that a logon needs. `password` and `ca` are the values, not references. */
export interface Logon {
  url: string;
  bindDn: string;
  password: string;
  /** PEM. Absent: the system's authorities. */
  ca: string | undefined;
  connectTimeoutMs: number;
  /** For one operation. */
  timeoutMs: number;
}

/** Answers after which the connection is of no more use: it is not, or no longer, logged on. */
const spoiling: ReadonlySet<number> = new Set([1, 8, 49, 52]);

/** One TLS socket with one bind, for one call at a time. Once closed it stays closed: it never binds again by itself. */
export class Connection {
  readonly #socket: TLSSocket;
  readonly #client: Client;
  readonly #timeoutMs: number;

  private constructor(socket: TLSSocket, logon: Logon) {
    this.#socket = socket;
    this.#timeoutMs = logon.timeoutMs;
    let given = false;
    this.#client = new Client({
      url: logon.url,
      // ldapts would connect anew on its own, and then work without a bind.
      createSecureConnection: () => {
        if (given) throw connectionFailure('Active Directory', undefined);
        given = true;
        return socket;
      },
    });
  }

  /** Connects by TLS 1.2 or newer, checks the certificate, binds. */
  static async open(logon: Logon, signal: AbortSignal): Promise<Connection> {
    const connection = new Connection(await secureSocket(logon, signal), logon);
    try {
      await connection.run('bind', signal, (client) => client.bind(logon.bindDn, logon.password));
    } catch (error) {
      connection.cut();
      throw error;
    }
    return connection;
  }

  get usable(): boolean {
    return this.#client.isBound && !this.#socket.destroyed;
  }

  /** Runs one operation. An abort or a timeout cuts the socket at once; every failure comes back in its class. */
  async run<T>(operation: string, signal: AbortSignal, call: (client: Client) => Promise<T>): Promise<T> {
    const what = `Active Directory: ${operation}`;
    if (signal.aborted) throw noAnswer(what);
    let release = () => {};
    const given = new Promise<never>((_resolve, reject) => {
      const stop = () => {
        this.cut();
        reject(noAnswer(what));
      };
      const timer = setTimeout(stop, this.#timeoutMs);
      signal.addEventListener('abort', stop, { once: true });
      release = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      };
    });
    try {
      return await Promise.race([call(this.#client), given]);
    } catch (error) {
      const failure = failureOf(what, error);
      if (!(failure instanceof Refusal) || spoiling.has(failure.result)) this.cut();
      throw failure;
    } finally {
      release();
    }
  }

  /** Says goodbye and closes. */
  async close(): Promise<void> {
    await this.#client.unbind().catch(() => {});
    this.cut();
  }

  cut(): void {
    this.#socket.destroy();
  }
}

function secureSocket(logon: Logon, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = new URL(logon.url);
  const what = 'Active Directory: connect';
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(noAnswer(what));
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 636 : Number(port),
      minVersion: 'TLSv1.2',
      ...(logon.ca === undefined ? {} : { ca: logon.ca }),
    });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    const stop = () => {
      settle();
      socket.destroy();
      reject(noAnswer(what));
    };
    const timer = setTimeout(stop, logon.connectTimeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', (error) => {
      settle();
      reject(connectionFailure(what, error));
    });
    socket.once('close', () => {
      settle();
      reject(connectionFailure(what, undefined));
    });
    socket.once('secureConnect', () => {
      settle();
      socket.removeAllListeners('close');
      resolve(socket);
    });
  });
}
