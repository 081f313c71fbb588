import { randomUUID } from 'node:crypto';
import express, { type Response, type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { columns, type Org, tablesOf } from './sandbox-org.ts';
import { recordRoutes } from './sandbox-records.ts';
import { type Row, runSoql } from './sandbox-soql.ts';
import { answerRefusal, type Credentials, faultOfAssertion, Refusal } from './sandbox-web.ts';

/** Rows a page; tiny, so that whoever forgets `nextRecordsUrl` is found out. */
const pageSize = 3;

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

  api.use(recordRoutes(org, tools));
  router.use(answerRefusal);
  return router;
}
