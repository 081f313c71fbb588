import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import {
  assigned,
  assignmentOf,
  columns,
  idOf,
  type Org,
  permissionSets,
  profiles,
  tablesOf,
  workerOf,
} from './sandbox-org.ts';
import { type Row, runSoql, SoqlError } from './sandbox-soql.ts';

/** Rows a page; tiny, so that whoever forgets `nextRecordsUrl` is found out. */
const pageSize = 3;

interface Credentials {
  clientId: string;
  username: string;
}

/** A refusal in Salesforce's form: a list of one. */
class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/** Salesforce's REST API as far as the target uses it, over one organisation. */
export function orgRouter(org: () => Org, tools: StandInTools, credentials: Credentials): Router {
  const router = express.Router();
  let tokens = new Set<string>();
  let requests = 0;
  const vendor = (name: string) => tools.fault()?.vendor === name;

  router.post('/services/oauth2/token', express.urlencoded(), (request, response) => {
    const fault = vendor('notAuthorised')
      ? "user hasn't approved this consumer"
      : faultOfAssertion(request.body, credentials);
    if (fault !== undefined) {
      return void response.status(400).json({ error: 'invalid_grant', error_description: fault });
    }
    const token = `00D!${randomUUID()}`;
    tokens.add(token);
    response.json({ access_token: token, token_type: 'Bearer', instance_url: 'https://globaltech.my.salesforce.com' });
  });

  const api = express.Router();
  router.use('/services/data/:version', api);
  api.use((request, response, next) => {
    requests += 1;
    response.setHeader('Sforce-Limit-Info', `api-usage=${requests}/15000`);
    if (vendor('expiredSession')) tokens = new Set();
    if (!tokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '')) {
      throw new Refusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    }
    if (vendor('requestLimit')) {
      throw new Refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    }
    if (vendor('loginPage')) return void response.type('html').send('<html><body>Log in to Salesforce</body></html>');
    next();
  });

  /** Pages that were not asked for yet, by the tail of their address. */
  const pages = new Map<string, { rows: Row[]; total: number }>();
  const answerPage = (response: Response, version: string, rows: Row[], total: number) => {
    const rest = rows.slice(pageSize);
    const records = rows.slice(0, pageSize);
    if (rest.length === 0) return response.json({ totalSize: total, done: true, records });
    const locator = `01g${randomUUID().slice(0, 12)}-${total - rest.length}`;
    pages.set(locator, { rows: rest, total });
    const nextRecordsUrl = `/services/data/${version}/query/${locator}`;
    return response.json({ totalSize: total, done: false, nextRecordsUrl, records });
  };
  router.get('/services/data/:version/query', (request, response) => {
    const rows = runSoql(z.string().catch('').parse(request.query['q']), tablesOf(org()), columns);
    answerPage(response, request.params.version, rows, rows.length);
  });
  router.get('/services/data/:version/query/:locator', (request, response) => {
    const page = pages.get(request.params.locator);
    if (page === undefined) throw new Refusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    pages.delete(request.params.locator);
    answerPage(response, request.params.version, page.rows, page.total);
  });

  /** Obeys a change, unless the fault says to lie about it. */
  const change = (operation: string, userId: string, obey: () => void) => {
    const user = org().users.find((one) => one.Id === userId);
    if (vendor('lockRow'))
      throw new Refusal(400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record');
    if (tools.fault()?.lie === true) return;
    obey();
    const worker = workerOf(user);
    tools.called({
      operation,
      ...(worker === undefined ? {} : { worker }),
      ...(user === undefined ? {} : { subject: user.Username }),
    });
  };
  const json = express.json();

  api.patch('/sobjects/UserLogin/:id', json, (request, response) => {
    const { IsFrozen } = z.strictObject({ IsFrozen: z.boolean() }).parse(request.body);
    const login = found(org().logins.find((one) => one.Id === request.params.id));
    change(IsFrozen ? 'freeze user' : 'unfreeze user', login.UserId, () => {
      login.IsFrozen = IsFrozen;
    });
    response.status(204).end();
  });

  api.patch('/sobjects/User/:id', json, (request, response) => {
    const { IsActive } = z.strictObject({ IsActive: z.boolean() }).parse(request.body);
    const user = found(org().users.find((one) => one.Id === request.params.id));
    if (!IsActive && vendor('refuseDeactivation')) {
      throw new Refusal(
        400,
        'FIELD_INTEGRITY_EXCEPTION',
        'Cannot inactivate user that is the value of a hierarchy field',
      );
    }
    if (IsActive && !user.IsActive && vendor('noLicenses')) throw outOfLicenses();
    change(IsActive ? 'reactivate user' : 'deactivate user', user.Id, () => {
      user.IsActive = IsActive;
    });
    response.status(204).end();
  });

  api.post('/sobjects/User', json, (request, response) => {
    const fields = newUserSchema.parse(request.body);
    if (vendor('noLicenses')) throw outOfLicenses();
    const id = idOf('005', fields.Username);
    const taken = (field: 'Username' | 'FederationIdentifier') =>
      org().users.some((user) => user[field]?.toLowerCase() === fields[field].toLowerCase());
    if (taken('Username')) throw new Refusal(400, 'DUPLICATE_USERNAME', 'Duplicate Username.');
    if (taken('FederationIdentifier')) {
      throw new Refusal(400, 'DUPLICATE_VALUE', 'duplicate value found: FederationIdentifier');
    }
    if (!Object.values(profiles).some((profile) => profile.Id === fields.ProfileId)) {
      throw new Refusal(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
    }
    if (tools.fault()?.lie !== true) {
      const { FirstName, LastName, Username, Email, IsActive, FederationIdentifier, EmployeeNumber, ProfileId } =
        fields;
      org().users.push({
        Id: id,
        ...{ FirstName, LastName, Username, Email, IsActive, FederationIdentifier, EmployeeNumber, ProfileId },
      });
      org().logins.push({ Id: idOf('0Yw', fields.Username), UserId: id, IsFrozen: false });
    }
    change('create user', id, () => {});
    response.status(201).json({ id, success: true, errors: [] });
  });

  api.post('/sobjects/PermissionSetAssignment', json, (request, response) => {
    const fields = newAssignmentSchema.parse(request.body);
    const made = assignmentOf(fields.AssigneeId, fields.PermissionSetGroupId ?? fields.PermissionSetId ?? '');
    if (permissionSets[assigned(made)] === undefined || !org().users.some((user) => user.Id === made.AssigneeId)) {
      throw new Refusal(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
    }
    if (org().assignments.some((one) => one.Id === made.Id)) {
      throw new Refusal(400, 'DUPLICATE_VALUE', 'duplicate value found: Duplicate PermissionSetAssignment.');
    }
    change('assign permission set', made.AssigneeId, () => void org().assignments.push(made));
    response.status(201).json({ id: made.Id, success: true, errors: [] });
  });

  api.delete('/sobjects/PermissionSetAssignment/:id', (request, response) => {
    const held = found(org().assignments.find((one) => one.Id === request.params.id));
    if (permissionSets[assigned(held)]?.ownedByProfile === true) {
      throw new Refusal(400, 'INSUFFICIENT_ACCESS_OR_READONLY', "can't remove a permission set that a profile owns");
    }
    change('remove permission set', held.AssigneeId, () => {
      org().assignments = org().assignments.filter((one) => one !== held);
    });
    response.status(204).end();
  });

  api.delete('/sobjects/AuthSession/:id', (request, response) => {
    const session = found(org().sessions.find((one) => one.Id === request.params.id));
    change('end session', session.UsersId, () => {
      org().sessions = org().sessions.filter((one) => one !== session);
    });
    response.status(204).end();
  });

  router.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (error instanceof Refusal) return answer(response, error.status, error.errorCode, error.message);
    if (error instanceof SoqlError) return answer(response, 400, error.errorCode, error.message);
    if (error instanceof z.ZodError) return answer(response, 400, 'JSON_PARSER_ERROR', z.prettifyError(error));
    next(error);
  });
  return router;
}

const newAssignmentSchema = z.strictObject({
  AssigneeId: z.string(),
  PermissionSetId: z.string().startsWith('0PS').optional(),
  PermissionSetGroupId: z.string().startsWith('0PG').optional(),
});

const newUserSchema = z.strictObject({
  Username: z.email(),
  Email: z.email(),
  FirstName: z.string().optional(),
  LastName: z.string().min(1),
  Alias: z.string().min(1).max(8),
  FederationIdentifier: z.string().min(1),
  EmployeeNumber: z.string().min(1),
  ProfileId: z.string().min(1),
  TimeZoneSidKey: z.string().min(1),
  LocaleSidKey: z.string().min(1),
  LanguageLocaleKey: z.string().min(1),
  EmailEncodingKey: z.literal('UTF-8'),
  IsActive: z.boolean(),
});

function answer(response: Response, status: number, errorCode: string, message: string): void {
  response.status(status).json([{ errorCode, message }]);
}

function found<T>(item: T | undefined): T {
  if (item === undefined) {
    throw new Refusal(404, 'NOT_FOUND', 'Provided external ID field does not exist or is not accessible');
  }
  return item;
}

const outOfLicenses = (): Refusal => new Refusal(400, 'LICENSE_LIMIT_EXCEEDED', 'License Limit Exceeded');

/** The claims are checked as Salesforce checks them; the signature is not, because this connected app holds no certificate. */
function faultOfAssertion(body: unknown, credentials: Credentials): string | undefined {
  const form = z
    .object({ grant_type: z.literal('urn:ietf:params:oauth:grant-type:jwt-bearer'), assertion: z.string() })
    .safeParse(body);
  if (!form.success) return 'unsupported grant type';
  try {
    const { iss, sub, aud, exp = 0 } = decodeJwt(form.data.assertion);
    const now = Date.now() / 1000;
    if (decodeProtectedHeader(form.data.assertion).alg !== 'RS256') return 'invalid assertion: alg';
    if (iss !== credentials.clientId) return 'invalid client credentials';
    if (sub !== credentials.username) return "user hasn't approved this consumer";
    if (typeof aud !== 'string') return 'audience is invalid';
    if (exp < now - 30 || exp > now + 210) return 'expired authorization code';
    return undefined;
  } catch {
    return 'invalid assertion';
  }
}
