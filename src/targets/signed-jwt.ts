import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { Failure } from '../model/failure.ts';

export interface JwtRequest {
  /** As people write it, for the message: `Salesforce`. */
  title: string;
  /** PEM of an RSA key, PKCS#8 or (as GitHub hands it out) PKCS#1. */
  privateKey: string;
  issuer: string;
  subject?: string;
  audience?: string;
  /** Seconds since 1970. */
  issuedAt: number;
  expiresAt: number;
  /** A name of its own (`jti`), for a vendor that takes each assertion once. */
  id?: string;
  /** PS256 for a vendor that prefers it. Default RS256. */
  algorithm?: 'RS256' | 'PS256';
  /** SHA-256 of the certificate by which the vendor knows the key, in base64url (`x5t#S256`). */
  certificateThumbprint?: string;
}

/** A JWT signed with an RSA key, as vendors take it in exchange for a token. */
export async function signedJwt(request: JwtRequest): Promise<string> {
  const { algorithm: alg = 'RS256', certificateThumbprint: thumbprint } = request;
  const header = { alg, typ: 'JWT', ...(thumbprint === undefined ? {} : { 'x5t#S256': thumbprint }) };
  const jwt = new SignJWT().setProtectedHeader(header).setIssuer(request.issuer);
  if (request.subject !== undefined) jwt.setSubject(request.subject);
  if (request.audience !== undefined) jwt.setAudience(request.audience);
  if (request.id !== undefined) jwt.setJti(request.id);
  return jwt.setIssuedAt(request.issuedAt).setExpirationTime(request.expiresAt).sign(rsaKey(request));
}

function rsaKey({ title, privateKey }: JwtRequest): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(privateKey);
  } catch {
    // The cause is left out on purpose: OpenSSL's messages can quote what they could not read.
  }
  if (key?.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Failure('misconfigured', `${title}: its privateKey is not the PEM of an RSA key of 2048 bits or more`);
  }
  return key;
}
