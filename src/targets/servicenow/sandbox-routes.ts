import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { workerIn } from '../../sandbox/worker-in.ts';
import { catalogueRoutes } from './sandbox-catalogue.ts';
import {
  addRow,
  changeRow,
  emptyInstance,
  type Instance,
  queryRows,
  type StoredRow,
  variablesOf,
} from './sandbox-tables.ts';

interface Parts {
  instance: () => Instance;
  /** Worker ids that a ticket may name. */
  workers: () => readonly string[];
  tools: StandInTools;
  credentials: { clientId: string; clientSecret: string; username: string; password: string };
}

const errors: Readonly<Record<number, { message: string; detail: string | null }>> = {
  400: { message: 'Exception while reading request', detail: null },
  401: { message: 'User Not Authenticated', detail: 'Required to provide Auth information' },
  403: { message: 'Operation Failed', detail: 'ACL Exception Insert Failed due to security constraints' },
  404: { message: 'No Record found', detail: "Record doesn't exist or ACL restricts the record retrieval" },
  429: { message: 'Rate limit exceeded', detail: 'The hourly limit of this user is used up' },
};

/** The vendor's form of an error. */
export const errorOf = (status: number): { error: { message: string; detail: string | null }; status: string } => ({
  error: errors[status] ?? { message: 'Operation Failed', detail: null },
  status: 'failure',
});

/** Columns that an ACL hides, by the fault that plays it. */
const hiddenBy: Readonly<Record<string, string>> = {
  hiddenCorrelation: 'correlation_id',
  hiddenVariables: 'sc_item_option.value',
};

const sleeping =
  '<html><head><title>Instance Hibernating page</title></head><body>Your instance is hibernating</body></html>';

const tokenSchema = z.object({
  grant_type: z.literal('client_credentials'),
  client_id: z.string(),
  client_secret: z.string(),
});
const fieldsSchema = z.record(z.string(), z.string());

/** The token endpoint and the Table API. */
export function instanceRouter({ instance, workers, tools, credentials }: Parts): {
  router: Router;
  forgetTokens(): void;
} {
  const router = express.Router();
  const tokens = new Set<string>();
  let issued = 0;
  const fail = (response: Response, status: number) => void response.status(status).json(errorOf(status));
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

  router.use((_request, response, next) => {
    if (tools.fault()?.vendor !== 'hibernating') return next();
    response.status(200).type('html').send(sleeping);
  });
  router.post('/oauth_token.do', express.urlencoded({ extended: false }), (request, response) => {
    const sent = tokenSchema.safeParse(request.body).data;
    if (sent?.client_id !== credentials.clientId || sent.client_secret !== credentials.clientSecret) {
      return void response.status(401).json({ error: 'server_error', error_description: 'access_denied' });
    }
    issued += 1;
    tokens.add(`Bearer now-${issued}`);
    response.json({ access_token: `now-${issued}`, scope: 'useraccount', token_type: 'Bearer', expires_in: 1799 });
  });
  router.use('/api', (request, response, next) => {
    const sent = request.headers.authorization ?? '';
    if (sent !== basic && !tokens.has(sent)) return fail(response, 401);
    if (tools.fault()?.vendor !== 'errorInside') return next();
    const error = { message: 'Transaction cancelled: maximum execution time exceeded', detail: 'Check logs' };
    response.status(200).json({ result: [], error, status: 'failure' });
  });

  const rowsOf = (request: Request) => instance().tables[String(request.params['table'])];
  const rowOf = (request: Request) => rowsOf(request)?.find((row) => row['sys_id'] === request.params['id']);
  const hidden = () => hiddenBy[tools.fault()?.vendor ?? ''];
  const noTable = (request: Request, response: Response) => {
    const error = { message: `Invalid table ${request.params['table']}`, detail: null };
    response.status(400).json({ error, status: 'failure' });
  };
  const obeyed = (operation: string, row: StoredRow) => {
    const texts = ['correlation_id', 'short_description', 'description'].map((field) => row[field]);
    const worker = workerIn([...texts, ...variablesOf(instance(), row)], workers());
    tools.called({ operation, subject: row['number'] ?? '', ...(worker === undefined ? {} : { worker }) });
  };

  router.get('/api/now/table/:table', (request, response) => {
    const rows = rowsOf(request);
    if (rows === undefined) return noTable(request, response);
    const found = queryRows(rows, String(request.query['sysparm_query'] ?? ''), hidden());
    const limit = Number(request.query['sysparm_limit'] ?? 10_000);
    const shown = tools.fault()?.vendor === 'hiddenRows' ? [] : found.slice(0, limit);
    response.setHeader('X-Total-Count', String(found.length));
    response.json({ result: shown.map((row) => picked(request, row, hidden())) });
  });
  router.get('/api/now/table/:table/:id', (request, response) => {
    const row = rowOf(request);
    if (row === undefined || tools.fault()?.vendor === 'hiddenRows') return fail(response, 404);
    response.json({ result: picked(request, row, hidden()) });
  });
  router.post('/api/now/table/:table', express.json(), (request, response) => {
    const table = String(request.params['table']);
    if (rowsOf(request) === undefined) return noTable(request, response);
    const sent = fieldsSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    const lie = tools.fault()?.lie === true;
    const row = addRow(lie ? { ...emptyInstance(), made: instance().made } : instance(), table, sent, new Date());
    if (!lie) obeyed('create ticket', row);
    response.setHeader(
      'Location',
      `${request.protocol}://${request.host}${request.baseUrl}${request.path}/${row['sys_id']}`,
    );
    response.status(201).json({ result: picked(request, row, hidden()) });
  });
  router.patch('/api/now/table/:table/:id', express.json(), (request, response) => {
    const row = rowOf(request);
    if (row === undefined) return fail(response, 404);
    const sent = fieldsSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    const lie = tools.fault()?.lie === true;
    const changed = lie ? { ...row } : row;
    changeRow(String(request.params['table']), changed, sent);
    if (!lie) obeyed('update ticket', row);
    response.json({ result: picked(request, changed, hidden()) });
  });
  catalogueRoutes(router, { instance, tools, fail, obeyed });
  return { router, forgetTokens: () => tokens.clear() };
}

/** The fields that were asked for; what an ACL hides is left out. */
function picked(request: Request, row: StoredRow, hidden: string | undefined): StoredRow {
  const wanted = String(request.query['sysparm_fields'] ?? '')
    .split(',')
    .filter((field) => field !== '');
  const fields = wanted.length === 0 ? Object.keys(row) : wanted;
  return Object.fromEntries(fields.filter((field) => field !== hidden).map((field) => [field, row[field] ?? '']));
}
