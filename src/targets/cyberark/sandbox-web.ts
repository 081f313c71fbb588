import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';

interface Credentials {
  username: string;
  password: string;
  clientId: string;
  clientSecret: string;
}

const errors: Readonly<Record<number, { ErrorCode: string; ErrorMessage: string }>> = {
  400: { ErrorCode: 'PASWS011E', ErrorMessage: 'A mandatory parameter is missing or has a wrong value.' },
  401: { ErrorCode: 'PASWS006E', ErrorMessage: 'The session token is missing, invalid or expired.' },
  403: { ErrorCode: 'PASWS041E', ErrorMessage: 'You are not authorized to perform this action.' },
  404: { ErrorCode: 'PASWS044E', ErrorMessage: 'The resource was not found.' },
  409: { ErrorCode: 'SFWS0012', ErrorMessage: 'The member already belongs to the Safe.' },
};

/** The vendor's form of an error; `Details` is there and mostly empty. */
export const errorOf = (status: number): { ErrorCode: string; ErrorMessage: string; Details: string } => ({
  ...(errors[status] ?? { ErrorCode: 'CAWS00001E', ErrorMessage: 'An error occurred in the web service.' }),
  Details: '',
});

/** Answers an error in the vendor's form. */
export const fail = (response: Response, status: number): void => void response.status(status).json(errorOf(status));

/** The vendor's default page, and the most that the stand-in gives at once (`MaxRecords` of a PVWA). */
const pageSize = 25;

/** A query parameter in whatever case it was sent. */
export function queried(request: Request, name: string): string {
  const found = Object.entries(request.query).find(([sent]) => sent.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : '';
}

/** The part of a list that was asked for, 25 at most. */
export function pageOf<T>(request: Request, all: readonly T[]): { items: T[]; next: number | undefined } {
  const offset = Number(queried(request, 'offset')) || 0;
  const end = offset + Math.min(Number(queried(request, 'limit')) || pageSize, pageSize);
  return { items: all.slice(offset, end), next: end < all.length ? end : undefined };
}

const logonSchema = z.object({ username: z.string(), password: z.string() });
const platformSchema = z.object({
  grant_type: z.literal('client_credentials'),
  client_id: z.string(),
  client_secret: z.string(),
});

/** What stands before every route: the URL rule, both kinds of logon, and the check of the token. Routes go into `api`. */
export function frontDoor(credentials: Credentials): { router: Router; api: Router; forgetTokens(): void } {
  const router = express.Router();
  const api = express.Router();
  const tokens = new Set<string>();
  let issued = 0;
  const issue = (kind: string): string => {
    issued += 1;
    tokens.add(`${kind}-${issued}`);
    return `${kind}-${issued}`;
  };

  router.use((request, response, next) => {
    // IIS takes what follows a dot for a file's type, and finds no such file, unless a slash ends the path.
    if (!request.path.includes('.') || request.path.endsWith('/')) return next();
    response.status(404).type('html').send('<h2>404 - File or directory not found.</h2>');
  });
  router.post('/oauth2/platformtoken', express.urlencoded({ extended: false }), (request, response) => {
    const sent = platformSchema.safeParse(request.body).data;
    if (sent?.client_id !== credentials.clientId || sent.client_secret !== credentials.clientSecret) {
      return void response.status(401).json({ error: 'access_denied', error_description: 'invalid client creds' });
    }
    response.json({ access_token: issue('platform'), token_type: 'Bearer', expires_in: 900 });
  });
  router.post('/PasswordVault/API/auth/:method/Logon', express.json(), (request, response) => {
    const sent = logonSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    if (sent.username !== credentials.username || sent.password !== credentials.password) {
      const message = `Authentication failure for User [${sent.username}].`;
      return void response.status(403).json({ ErrorCode: 'ITATS004E', ErrorMessage: message, Details: '' });
    }
    response.json(issue('vault'));
  });
  router.use('/PasswordVault/API', (request, response, next) => {
    const sent = request.headers.authorization ?? '';
    // A vault token comes raw and a platform token as a bearer; either in the other's dress is refused.
    const token = sent.startsWith('Bearer platform-') ? sent.slice('Bearer '.length) : sent;
    const dressed = token !== sent || token.startsWith('vault-');
    return dressed && tokens.has(token) ? next() : fail(response, 401);
  });
  router.use('/PasswordVault/API', api);
  return { router, api, forgetTokens: () => tokens.clear() };
}
