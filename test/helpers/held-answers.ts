import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of this machine on which answers can be kept back: the server has done it, and nobody learns of it. */
export interface Relay {
  /** `127.0.0.1:4711`. */
  address: string;
  /** From now on nothing comes back. */
  holdAnswers(): void;
  close(): Promise<void>;
}

/** Starts one in front of `address`. */
export async function startRelay(address: string): Promise<Relay> {
  const [host, port] = address.split(':');
  let held = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (!held) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('the relay listens nowhere');
  return {
    address: `127.0.0.1:${listening.port}`,
    holdAnswers: () => {
      held = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
