import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay between a target and its stand-in, for the faults that no server can play by itself. */
export interface Relay {
  port: number;
  /** From now on every connection, open or new, is cut. */
  cut(): void;
  /** The next request reaches the stand-in, and the connection is cut when the answer comes. */
  loseNextAnswer(): void;
  /** Resolves when the next bytes of a request have passed. */
  nextRequest(): Promise<void>;
  /** Lets everything through again. */
  mend(): void;
  close(): Promise<void>;
}

/** Starts a relay on a free port in front of a port of this machine. */
export async function startRelay(to: number): Promise<Relay> {
  let mode: 'pass' | 'cut' | 'lose' = 'pass';
  let waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (mode === 'cut') return void client.destroy();
    const upstream = connect(to, '127.0.0.1');
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
    client.on('data', (bytes) => {
      upstream.write(bytes);
      for (const passed of waiting) passed();
      waiting = [];
    });
    upstream.on('data', (bytes) => {
      if (mode !== 'lose') return void client.write(bytes);
      mode = 'pass';
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay listens nowhere');
  return {
    port: address.port,
    cut: () => {
      mode = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    loseNextAnswer: () => {
      mode = 'lose';
    },
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    mend: () => {
      mode = 'pass';
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
