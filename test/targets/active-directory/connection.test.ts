import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../src/sandbox/certificates.ts';
import { sandboxCredentials } from '../../../src/targets/active-directory/sandbox.ts';
import { sarahChen } from '../bench.ts';
import { accountNamed, base, type Connected, context, type Domain, keysOf, openDomain } from './domain.ts';

const sarah = sarahChen('active-directory');
const keys = keysOf(sarah);

let domain: Domain;
beforeAll(async () => {
  domain = await openDomain([sarah]);
});
afterAll(() => domain.close());
beforeEach(() => domain.seed([sarah]));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server of the test's own; gives its port. */
const listen = async (server: ReturnType<typeof createServer>): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens nowhere');
  return address.port;
};

describe('the certificate', () => {
  test('of an authority that is not the configured one is misconfigured, with advice', async () => {
    const { ca } = await makeCertificates();
    for (const settings of [{ ca }, { ca: undefined }]) {
      await expect(domain.connect(settings).check(context())).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('not trusted'),
        advice: expect.stringContaining('"ca"'),
      });
    }
  });

  test('must name the host in the URL', async () => {
    const server = createTlsServer({ ...(await otherHost()) });
    const wrong = domain.connect({ url: `ldaps://127.0.0.1:${await listen(server)}`, ca: otherAuthority });
    await expect(wrong.check(context())).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
  });

  test('may be given by reference, and is read at each logon', async () => {
    const asked: string[] = [];
    const target = domain.connect(
      { ca: 'file:corp-ca.pem' },
      {
        secret: async (reference) => {
          asked.push(reference);
          return reference.startsWith('file:') ? domain.certificates.ca : sandboxCredentials.password;
        },
      },
    );
    await target.check(context());
    expect(asked).toEqual(['env:AD_PASSWORD', 'file:corp-ca.pem']);
  });
});

let otherAuthority = '';
async function otherHost() {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'elsewhere' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'elsewhere.example' }] }],
  });
  otherAuthority = made.cert;
  return { key: made.private, cert: made.cert };
}

describe('logging on', () => {
  const withPassword = (password: () => string, clock = () => Date.now()): Connected =>
    domain.connect({}, { secret: async () => password(), clock });
  const refused = (target: Connected) =>
    target.check(context()).then(
      () => 'it logged on',
      (error: Error) => error.message,
    );

  test('with a wrong password is refused with the directory’s reason, and the password is in no message', async () => {
    const message = await refused(withPassword(() => 'hunter2!'));
    expect(message).toContain('the password is wrong');
    expect(message).not.toContain('hunter2!');
  });

  test('a wrong password is tried three times in a row and then once in five minutes; another one at once', async () => {
    let now = Date.parse('2025-11-15T14:30:00Z');
    let password = 'wrong';
    const target = withPassword(
      () => password,
      () => now,
    );
    const tries = async (times: number) => {
      const messages = [];
      for (let index = 0; index < times; index += 1) messages.push(await refused(target));
      return messages.map((message) => (message.includes('not tried again') ? 'kept back' : 'asked'));
    };
    expect(await tries(5)).toEqual(['asked', 'asked', 'asked', 'kept back', 'kept back']);
    now += 5 * 60_000;
    expect(await tries(2)).toEqual(['asked', 'kept back']);
    now += 31 * 60_000;
    expect(await tries(4)).toEqual(['asked', 'asked', 'asked', 'kept back']);
    password = 'also wrong';
    expect(await tries(1)).toEqual(['asked']);
    password = sandboxCredentials.password;
    expect(await target.check(context())).toContain('accounts may be changed');
  });

  test('many calls at once with a wrong password ask three times, not once each', async () => {
    let binds = 0;
    const target = withPassword(() => {
      binds += 1;
      return 'wrong';
    });
    const messages = await Promise.all(Array.from({ length: 12 }, () => refused(target)));
    expect(binds).toBe(12);
    expect(messages.filter((message) => message.includes('not tried again'))).toHaveLength(9);
  });

  test('resolves the password at each logon, so a rotation needs no restart', async () => {
    let asked = 0;
    const target = withPassword(() => {
      asked += 1;
      return sandboxCredentials.password;
    });
    await target.check(context());
    await target.check(context());
    expect(asked).toBe(1);
    domain.fault = { vendor: 'cut', count: 1 };
    await expect(target.check(context())).rejects.toMatchObject({ code: 'unavailable' });
    await target.check(context());
    expect(asked).toBe(2);
  });

  test('a secret that cannot be had comes back as it is', async () => {
    const target = domain.connect({}, { secret: () => Promise.reject(new Error('no such file')) });
    await expect(target.check(context())).rejects.toThrow('no such file');
  });
});

describe('a connection', () => {
  test('that is not answered at all is unavailable', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((closed) => server.close(closed));
    const target = domain.connect({ url: `ldaps://127.0.0.1:${port}` });
    await expect(target.check(context())).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('that is taken and never becomes TLS is a timeout, by its own clock or by the caller’s', async () => {
    const server = createServer();
    const url = `ldaps://127.0.0.1:${await listen(server)}`;
    await expect(domain.connect({ url, connectTimeoutMs: 20 }).check(context())).rejects.toMatchObject({
      code: 'timeout',
    });
    const abort = new AbortController();
    const taken = once(server, 'connection');
    const check = domain.connect({ url }).check(context({ signal: abort.signal }));
    await taken;
    abort.abort();
    await expect(check).rejects.toMatchObject({ code: 'timeout' });
  });

  test('to something that does not speak LDAP is a failure and no hang', async () => {
    const server = createTlsServer({ ...domain.certificates }, (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const target = domain.connect({ url: `ldaps://127.0.0.1:${await listen(server)}`, timeoutMs: 200 });
    await expect(target.check(context())).rejects.toMatchObject({ code: 'timeout' });
  });

  test('whose operation takes too long is cut, and the next call has a new one', async () => {
    const target = domain.connect({ timeoutMs: 1_000 });
    await target.check(context());
    domain.fault = { hang: true, count: 1 };
    await expect(target.accounts.find(keys, context())).rejects.toMatchObject({ code: 'timeout' });
    expect(await target.accounts.find(keys, context())).toHaveLength(2);
  });

  test('that is aborted before it began asks nothing', async () => {
    const target = domain.connect();
    await expect(target.check(context({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'timeout' });
    const [account] = await target.accounts.find(keys, context());
    if (account === undefined) throw new Error('nobody was found');
    const late = context({ signal: AbortSignal.abort() });
    await expect(target.accounts.disable(account, late)).rejects.toMatchObject({ code: 'timeout' });
    expect(domain.calls).toEqual([]);
  });

  test('is lent to one call at a time: more calls than connections wait, and all are answered', async () => {
    const target = domain.connect({ connections: 2 });
    const found = await Promise.all(Array.from({ length: 20 }, () => target.accounts.find(keys, context())));
    expect(found.map((accounts) => accounts.length)).toEqual(Array(20).fill(2));
  });

  test('a call that waits for one gives up when it is told to, and holds up nobody', async () => {
    const target = domain.connect({ connections: 1 });
    await target.check(context());
    domain.fault = { hang: true, count: 1 };
    const hanging = new AbortController();
    const waiting = new AbortController();
    const first = target.accounts.find(keys, context({ signal: hanging.signal }));
    const second = target.accounts.find(keys, context({ signal: waiting.signal }));
    const third = target.accounts.find(keys, context());
    waiting.abort();
    await expect(second).rejects.toMatchObject({ code: 'timeout' });
    hanging.abort();
    await expect(first).rejects.toMatchObject({ code: 'timeout' });
    expect(await third).toHaveLength(2);
  });

  test('that nobody uses is closed', async () => {
    let left = () => {};
    const goodbye = new Promise<void>((resolve) => {
      left = resolve;
    });
    const server = createServer((client) => {
      const upstream = createConnection(Number(new URL(domain.url).port), '127.0.0.1');
      client.pipe(upstream).pipe(client);
      client.once('close', () => left());
      client.on('error', () => {});
      upstream.on('error', () => {});
    });
    const target = domain.connect({ url: `ldaps://127.0.0.1:${await listen(server)}`, idleMs: 10 });
    await target.check(context());
    await goodbye;
    await target.check(context());
  });

  test('of a closed target is refused', async () => {
    const target = domain.connect();
    await target.check(context());
    await target.close();
    await expect(target.check(context())).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('check', () => {
  test('names the setting whose container is not there', async () => {
    for (const setting of ['usersOu', 'leaversOu']) {
      await expect(domain.connect({ [setting]: `OU=Nowhere,${base}` }).check(context())).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining(`"${setting}" names OU=Nowhere`),
      });
    }
  });

  test('a base in another domain is misconfigured', async () => {
    await expect(domain.connect({ baseDn: 'DC=other,DC=example' }).check(context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('baseDn'),
    });
  });

  test('says so when no account carries a worker id yet', async () => {
    domain.seed([]);
    expect(await domain.connect().check(context())).toBe(
      `dc1.corp.globaltech.example answers for ${base}; no account carries employeeID yet`,
    );
  });
});

test.each([
  [{ url: 'ldap://dc1.corp.globaltech.example' }, 'url'],
  [{ url: 'ldaps://dc1.corp.globaltech.example/DC=x' }, 'url'],
  [{ password: 'hunter2' }, 'password'],
  [{ baseDn: 'corp.globaltech.example' }, 'baseDn'],
  [{ adminAccounts: {} }, 'adminAccounts'],
  [{ employeeIdAttribute: 'employeeID)(x=' }, 'employeeIdAttribute'],
  [{ insecure: true }, 'insecure'],
])('settings %o are refused', (settings, named) => {
  expect(() => domain.connect(settings)).toThrow(named);
});

test('a failure carries codes and ids, and nobody’s name', async () => {
  const target = domain.connect();
  const account = await accountNamed(target, sarah, 'schen');
  domain.fault = { status: 403 };
  const failure = await target.accounts.disable(account, context()).catch((error: Error) => error);
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toMatch(/schen|Sarah|Chen/);
  expect(failure).toMatchObject({
    code: 'refused',
    message: `Active Directory: read (<GUID=${account.id}>) answered 50 (InsufficientAccess): 00000005, INSUFF_ACCESS_RIGHTS`,
  });
});
