import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** How a peer answers instead of truly: with a status, with bytes that mean nothing, with a list left away, or never. */
export type Mood = 'well' | 'error' | 'garbage' | 'empty' | 'silent';

/** Somebody at the source, as the peers keep them. */
export interface Entry {
  worker: string;
  /** `rescinded`, `cancelled`: a termination or a hire that was taken back; `moved`: another start. Workday alone lists those. */
  kind: 'terminated' | 'hired' | 'rescinded' | 'cancelled' | 'moved';
  date: string;
  /** When it was entered, an ISO instant. */
  entered: string;
  type?: string;
}

const eventNames = {
  terminated: 'Worker_Terminated',
  hired: 'Worker_Hired',
  rescinded: 'Worker_Termination_Rescinded',
  cancelled: 'Worker_Hire_Rescinded',
  moved: 'Worker_Start_Date_Changed',
} as const;

interface Peer {
  url: string;
  mood: Mood;
  entries: Entry[];
  /** Requests that were let in, path and query. */
  asked: string[];
  close(): Promise<void>;
}

/** A tenant's report as a service: keeps what was entered, lists it by its prompts' days, and asks for its user's password. */
export async function raasPeer(password = 'raas-password'): Promise<Peer> {
  return peer(async (request, response, state) => {
    const url = new URL(request.url ?? '', 'http://peer');
    const expected = `Basic ${Buffer.from(`ISU_Muster:${password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return json(response, 401, { error: 'invalid credentials' });
    state.asked.push(decodeURIComponent(url.pathname + url.search));
    const report = '/ccx/service/customreport2/globaltech/ISU_Muster/';
    const isOfWorker = url.pathname === `${report}Worker_History`;
    if (!isOfWorker && url.pathname !== `${report}Hires_and_Terminations`) {
      return json(response, 404, { error: 'no such report' });
    }
    const [from = '', to = ''] = [url.searchParams.get('From'), url.searchParams.get('To')].map((day) => day ?? '');
    const rows = state.entries
      .filter(({ worker }) => !isOfWorker || worker === url.searchParams.get('Worker'))
      .filter(({ entered }) => isOfWorker || (entered.slice(0, 10) >= from && entered.slice(0, 10) <= to))
      .map(({ worker, kind, date, entered, type }) => ({
        Employee_ID: worker,
        event: eventNames[kind],
        ...(kind === 'hired' ? { startDate: date, firstName: 'Sarah', lastName: 'Chen' } : {}),
        ...(kind === 'moved' ? { startDate: date } : kind === 'hired' ? {} : { effectiveDate: date }),
        entryMoment: entered,
        ...(type === undefined ? {} : { terminationType: type }),
      }));
    return json(response, 200, rows.length === 0 || state.mood === 'empty' ? {} : { Report_Entry: rows });
  });
}

/** Identity Security Cloud's token and search, 250 identities a page, by the ranges and states of our queries. */
export async function sailPointPeer(clientSecret = 'sailpoint-secret'): Promise<Peer> {
  let tokens = 0;
  return peer(async (request, response, state) => {
    const body = await text(request);
    if (request.url === '/oauth/token') {
      if (new URLSearchParams(body).get('client_secret') !== clientSecret) return json(response, 401, {});
      tokens += 1;
      return json(response, 200, { access_token: `token-${tokens}`, expires_in: 749 });
    }
    if (request.headers.authorization !== `Bearer token-${tokens}`) return json(response, 401, {});
    const asked = JSON.parse(body) as { query: { query: string }; searchAfter?: string[] };
    state.asked.push(`${request.url} ${asked.query.query}`);
    const range = /^(modified|created):\[(\S+) TO (\S+)\} AND \S+:\((.*)\)$/.exec(asked.query.query);
    if (range === null || state.mood === 'empty') return json(response, 200, []);
    const [, moment, from = '', to = '', states = ''] = range;
    const found = state.entries
      .map(({ worker, kind, date, entered }) => ({
        id: `id-${worker}`,
        firstName: 'Sarah',
        lastName: 'Chen',
        ...(kind === 'terminated' ? { modified: entered } : { created: entered }),
        attributes: {
          employeeNumber: worker,
          cloudLifecycleState: kind === 'terminated' ? 'terminated' : 'active',
          ...(kind === 'terminated' ? { endDate: `${date}T00:00:00Z` } : { startDate: date }),
        },
      }))
      .filter((identity) => {
        const at = { modified: undefined, created: undefined, ...identity }[moment === 'modified' ? moment : 'created'];
        return at !== undefined && at >= from && at < to;
      })
      .filter(({ attributes }) => states.split(' OR ').includes(attributes.cloudLifecycleState))
      .filter(({ id }) => id > (asked.searchAfter?.[0] ?? ''))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    return json(response, 200, found.slice(0, 250));
  });
}

async function peer(
  answer: (request: IncomingMessage, response: ServerResponse, state: Peer) => Promise<void>,
): Promise<Peer> {
  const server: Server = createServer((request, response) => {
    if (state.mood === 'silent') return;
    if (state.mood === 'error') return void json(response, 500, { error: 'internal' });
    if (state.mood === 'garbage') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>please log in</html>');
      return;
    }
    answer(request, response, state).catch((error: unknown) => json(response, 599, { error: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the peer listens nowhere');
  const state: Peer = {
    url: `http://127.0.0.1:${address.port}`,
    mood: 'well',
    entries: [],
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return state;
}

async function json(response: ServerResponse, status: number, body: unknown): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
