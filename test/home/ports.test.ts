import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkPorts, portsOf } from '../../src/home/ports.ts';

describe('the ports of the embedded stack', () => {
  it('are the documented ones unless told otherwise', () => {
    expect(portsOf({})).toEqual({
      receiver: 8080,
      operator: 8081,
      sandbox: 8090,
      ldaps: 8636,
      smtp: 8587,
      temporal: 7233,
      ui: 8233,
    });
    expect(portsOf({ MUSTER_PORT: '9000', MUSTER_OPERATOR_PORT: '9001', MUSTER_SANDBOX_PORT: '9002' })).toMatchObject({
      receiver: 9000,
      operator: 9001,
      sandbox: 9002,
    });
  });

  it('are all free ones with MUSTER_PORT=0, but for those that are named', () => {
    expect(portsOf({ MUSTER_PORT: '0', MUSTER_OPERATOR_PORT: '9001' })).toEqual({
      receiver: 0,
      operator: 9001,
      sandbox: 0,
      ldaps: 0,
      smtp: 0,
      temporal: 0,
      ui: 0,
    });
  });

  it('what is no port is refused by its name', () => {
    for (const text of ['http', '-1', '65536', '8080.5']) {
      expect(() => portsOf({ MUSTER_PORT: text })).toThrow(`MUSTER_PORT is "${text}", which is no port`);
    }
  });

  it('taken ones are named all at once', async () => {
    const [one, other] = [createServer(), createServer()];
    const [first, second] = [await listen(one), await listen(other)];
    try {
      await expect(checkPorts({ receiver: first, sandbox: 0, temporal: second })).rejects.toMatchObject({
        code: 'unavailable',
        message: `port ${first} on 127.0.0.1 is taken, and the receiver (MUSTER_PORT) needs it\nport ${second} on 127.0.0.1 is taken, and Temporal needs it`,
      });
    } finally {
      await Promise.all([one, other].map((server) => new Promise((resolve) => server.close(resolve))));
    }
    await expect(checkPorts({ receiver: first, temporal: second })).resolves.toBeUndefined();
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
