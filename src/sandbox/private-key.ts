import { generateKeyPairSync } from 'node:crypto';

/** A new RSA-2048 key as PEM (PKCS#8), for targets of the sandbox that sign with one. */
export function makePrivateKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
}
