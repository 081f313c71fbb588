import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { Failure } from '../../model/failure.ts';
import type { Fault, StandInTools } from '../../sandbox/stand-in.ts';

/** A mail as it came over the wire. */
export interface MailTaken {
  from: string;
  to: string[];
  raw: Buffer;
}

interface Parts {
  tools: StandInTools;
  credentials: { username: string; password: string };
  take(mail: MailTaken): void;
  options: { host: string; port: number; tls: { key: string; cert: string } };
}

/** Listens for SMTP with STARTTLS, applies the faults in force, and hands over every mail that it took. */
export async function listenSmtp({ tools, credentials, take, options }: Parts) {
  const faults = new SessionFaults(tools);
  const refusedOne = new WeakSet<object>();
  const server = new SMTPServer({
    ...options.tls,
    name: 'mail.globaltech.example',
    logger: false,
    authMethods: ['PLAIN', 'LOGIN'],
    // The sandbox alone: a client that was told to may log on without TLS on the loopback.
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: 10_000_000,
    onConnect: (session, callback) => faults.connect(session, callback),
    onClose: (session) => faults.forget(session),
    onSecure: (_socket, session, callback) => {
      if (faults.of(session).hang !== true) callback();
    },
    onAuth: ({ username, password }, session, callback) => {
      if (faults.of(session).hang === true) return;
      const right = username === credentials.username && password === credentials.password;
      if (right && faults.of(session).status !== 401) callback(null, { user: username });
      else callback(refusal(535, '5.7.8 Authentication credentials invalid'));
    },
    onMailFrom: (_address, session, callback) => {
      if (faults.of(session).hang !== true) callback();
    },
    onRcptTo: (_address, session, callback) => {
      const first = !refusedOne.has(session.envelope);
      if (faults.of(session).vendor !== 'refuseRecipient' || !first) return callback();
      refusedOne.add(session.envelope);
      callback(refusal(550, '5.1.1 No such mailbox here'));
    },
    onData: (stream, session, callback) => {
      const fault = faults.of(session);
      const { mailFrom, rcptTo } = session.envelope;
      const cut = () => [...server.connections].find(({ id }) => id === session.id)?.close();
      buffer(stream).then((raw) => {
        const to = rcptTo.map(({ address }) => address);
        if (fault.lie !== true) take({ from: mailFrom === false ? '' : mailFrom.address, to, raw });
        if (fault.vendor === 'cutAfterData') cut();
        else callback(null, '2.0.0 Taken');
      }, callback);
    },
  });
  // A client that goes away in the middle is no fault of the server's.
  server.on('error', () => undefined);
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listening(server, options);
  return {
    port,
    close: () =>
      new Promise<void>((closed) => {
        faults.close();
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The fault that each connection met when it was made: a mail is one connection, so it meets one fault throughout. */
class SessionFaults {
  readonly #tools: StandInTools;
  readonly #met = new Map<string, Fault>();
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(tools: StandInTools) {
    this.#tools = tools;
  }

  connect(session: SMTPServerSession, callback: (error?: Error | null) => void): void {
    const fault = this.#tools.fault();
    if (fault !== undefined) {
      this.#tools.faultUsed?.();
      this.#met.set(session.id, fault);
    }
    // One that hangs greets, takes what it is told, and says no more.
    const refused = fault?.status === undefined || fault.status === 401 ? null : refusedFor(fault.status);
    const greet = () => callback(refused);
    if (fault?.latencyMs === undefined) {
      greet();
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      greet();
    }, fault.latencyMs);
    this.#waiting.add(timer);
  }

  of = (session: SMTPServerSession): Fault => this.#met.get(session.id) ?? {};

  forget(session: SMTPServerSession): void {
    this.#met.delete(session.id);
  }

  close(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
  }
}

const refusal = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });

/** The reply that comes nearest to an HTTP status; 401 is answered when the client logs on. */
function refusedFor(status: number): Error {
  if (status === 404) return refusal(550, '5.1.1 No such mailbox here');
  if (status === 429) return refusal(451, '4.7.28 Mail flood detected');
  if (status === 503) return refusal(421, '4.3.0 Service not available');
  if (status >= 500) return refusal(451, '4.3.0 Local error in processing');
  return refusal(554, '5.7.1 Not allowed');
}

function listening(server: SMTPServer, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error) => {
      reject(new Failure('misconfigured', `the sandbox cannot listen for SMTP on port ${port}`, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}
