import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { makePrivateKey } from '../../src/sandbox/private-key.ts';
import { signedJwt } from '../../src/targets/signed-jwt.ts';

const pem = makePrivateKey();
const claims = { title: 'Vendor', issuer: 'muster', issuedAt: 1_000, expiresAt: 1_180 };

test('both forms of PEM sign RS256 with exactly the claims that were asked for', async () => {
  const pkcs1 = createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString();
  for (const privateKey of [pem, pkcs1]) {
    const jwt = await signedJwt({ ...claims, privateKey, subject: 's', audience: 'a' });
    const { payload } = await jwtVerify(jwt, createPublicKey(pem), { currentDate: new Date(1_100_000) });
    expect(payload).toEqual({ iss: 'muster', sub: 's', aud: 'a', iat: 1_000, exp: 1_180 });
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'RS256', typ: 'JWT' });
  }
});

test.each([
  ['no key at all', 'hunter2'],
  [
    'an EC key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ],
  [
    'a short key',
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ],
])('%s is a fault of the configuration, and the message does not hold it', async (_what, privateKey) => {
  const error = await signedJwt({ ...claims, privateKey }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('Vendor') });
  expect(String(error)).not.toContain(privateKey.split('\n')[1] ?? privateKey);
});
