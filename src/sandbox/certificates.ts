import { generate } from 'selfsigned';

/** PEM of an authority made for this sandbox alone, and of the leaf that it signed. */
export interface Certificates {
  ca: string;
  cert: string;
  key: string;
}

/**
 * Makes an authority and a certificate for `localhost` and `127.0.0.1` (RSA-2048, one year), for the sandbox's LDAPS.
 * The authority's own key is thrown away, so nothing else can be signed by it.
 */
export async function makeCertificates(): Promise<Certificates> {
  const authority = await generate([{ name: 'commonName', value: 'Muster sandbox authority' }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keySize: 2048,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      // Node's TLS checks the address it dials against these and never the common name.
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { ca: authority.cert, cert: leaf.cert, key: leaf.private };
}
