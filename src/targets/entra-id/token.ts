import { randomUUID, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { HttpAnswer, HttpClient } from '../http-client.ts';
import { signedJwt } from '../signed-jwt.ts';
import type { TargetDependencies } from '../target.ts';
import type { IssuedToken } from '../token-cache.ts';
import { parsed, title } from './failure.ts';
import type { Settings } from './settings.ts';

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const errorSchema = z.object({ error: z.string(), error_description: z.string().default('') });

/** Asks for a token of the app itself. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export async function issueToken(
  http: HttpClient,
  settings: Settings,
  dependencies: TargetDependencies,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const name = 'ask for a token';
  const answer = await http.call({
    method: 'POST',
    path: `/${settings.tenant}/oauth2/v2.0/token`,
    name,
    form: {
      grant_type: 'client_credentials',
      client_id: settings.clientId,
      scope: `${settings.baseUrl.replace(/\/$/, '')}/.default`,
      ...(await proofOf(settings, dependencies)),
    },
    headers: { 'client-request-id': randomUUID() },
    signal,
    expect: [400, 401],
  });
  if (answer.status >= 400) throw refusal(answer);
  const { access_token: value, expires_in: seconds } = parsed(tokenSchema, answer.json(), name);
  return { value, expiresInMs: seconds * 1000 };
}

async function proofOf(settings: Settings, dependencies: TargetDependencies): Promise<Record<string, string>> {
  const { credential } = settings;
  if (credential.type === 'secret') return { client_secret: await dependencies.secret(credential.clientSecret) };
  const [privateKey, certificate] = await Promise.all([
    dependencies.secret(credential.privateKey),
    dependencies.secret(credential.certificate),
  ]);
  const now = Math.floor(dependencies.clock() / 1000);
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signedJwt({
      title,
      privateKey,
      issuer: settings.clientId,
      subject: settings.clientId,
      audience: `${settings.loginUrl.replace(/\/$/, '')}/${settings.tenant}/oauth2/v2.0/token`,
      issuedAt: now,
      expiresAt: now + 300,
      id: randomUUID(),
      algorithm: 'PS256',
      certificateThumbprint: thumbprintOf(certificate, now),
    }),
  };
}

function thumbprintOf(pem: string, now: number): string {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Failure('misconfigured', `${title}: its certificate is not the PEM of a certificate`);
  }
  if (Date.parse(certificate.validTo) / 1000 < now) {
    throw new Failure('credentials', `${title}: the app's certificate ended on ${certificate.validTo}`, {
      advice: 'Make a new one, upload it to the app registration, and put it and its key in place of the old.',
    });
  }
  return Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}

/** Only the AADSTS number is passed on: the description holds times and trace ids that change each time. */
function refusal(answer: HttpAnswer): Failure {
  const said = errorSchema.safeParse(safely(answer)).data;
  const number = /AADSTS\d+/.exec(said?.error_description ?? '')?.[0];
  const words = said === undefined ? `status ${answer.status}` : [said.error, number].filter(Boolean).join(', ');
  return new Failure('credentials', `${title} gave no token to the app: ${words}`, {
    advice: 'Check tenant, clientId and the credential; https://login.microsoftonline.com/error explains the number.',
  });
}

function safely(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}
