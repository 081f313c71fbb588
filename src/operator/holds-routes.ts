import { z } from 'zod';
import { heldIn } from '../../activities/held.ts';
import { type Decided, releaseHold } from '../../activities/release.ts';
import type { Page, PageRequest, Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { Failure } from '../model/failure.ts';
import type { Hold, Reservation } from '../model/hold.ts';
import { decidedShape, holdDetailShape, holdShape, releaseShape } from './hold-shapes.ts';
import { holdDetail, holdSummary, type ShownDetail, type ShownHold } from './hold-view.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { pageOf } from './shapes.ts';

const filters = {
  open: z
    .enum(['true', 'false', 'all'], 'must be true, false or all')
    .default('true')
    .describe('open ones (default), closed ones, or all'),
};

const deciders = ['operator', 'security', 'admin'] as const;

/** What safeguards hold: the list, one of them with what it would do to whom, and what somebody decides about it. */
export function holdsRoutes(desk: Desk): Route[] {
  const { store, now } = desk;
  const list = (request: PageRequest, operator: Operator, which: (hold: Hold) => boolean): Promise<Page<ShownHold>> =>
    store.read(async (reader) => {
      const at = now();
      const secrecy = new Secrecy(reader, operator, at);
      const shown = new Map<string, ShownHold>();
      const found = await listed(() =>
        secrecy.page(
          request,
          (part) => reader.holds({}, part),
          async (hold) => {
            if (!which(hold)) return false;
            const inside = await insideOf(reader, secrecy, hold, at);
            if (inside !== undefined) shown.set(hold.id, holdSummary(hold, inside));
            return inside !== undefined;
          },
        ),
      );
      return { ...found, items: found.items.flatMap(({ id }) => shown.get(id) ?? []) };
    });
  return [
    route({
      method: 'get',
      path: '/api/holds',
      summary: 'What safeguards hold, the latest first',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(holdShape),
      work: ({ operator, query }) => {
        const { filter, page } = pageOfQuery(query);
        const { open } = filter;
        return list(page, operator, ({ state }) => open === 'all' || (open === 'true') === (state === 'open'));
      },
    }),
    route({
      method: 'get',
      path: '/api/holds/ahead',
      summary: 'Ends known ahead that would exceed a limit; released ahead, they are not held',
      query: z.strictObject(paging),
      body: noBody,
      answer: pageOf(holdShape),
      work: ({ operator, query }) =>
        list(query, operator, ({ state, data }) => state === 'open' && data.ahead !== undefined),
    }),
    route({
      method: 'get',
      path: '/api/holds/{id}',
      summary: 'One hold, with all that it would do to whom',
      query: noQuery,
      body: noBody,
      answer: holdDetailShape,
      work: ({ operator, id }) => detailOf(desk, operator, id),
    }),
    route({
      method: 'post',
      path: '/api/holds/{id}',
      summary:
        'Release it, or some people of it, or reject it: by somebody who did not cause it, several people by two',
      roles: deciders,
      query: noQuery,
      body: releaseShape,
      answer: decidedShape,
      work: ({ operator, id, body }) => decide(desk, operator, id, body),
    }),
  ];
}

/** What of a hold this operator may see; undefined where there is something and they may see nothing of it. */
async function insideOf(reader: Reader, secrecy: Secrecy, hold: Hold, now: string): Promise<Reservation[] | undefined> {
  const all = await heldIn(reader, hold, now);
  const seen = all.filter((each) => secrecy.showsReservation(each));
  return seen.length === 0 && all.length > 0 ? undefined : seen;
}

function detailOf({ store, now }: Desk, operator: Operator, id: string): Promise<ShownDetail> {
  return store.read(async (reader) => {
    const at = now();
    const hold = await reader.hold(id);
    const inside = hold && (await insideOf(reader, new Secrecy(reader, operator, at), hold, at));
    if (hold === undefined || inside === undefined) throw new HttpProblem(404, 'no hold has that id');
    return holdDetail(hold, inside);
  });
}

async function decide(
  desk: Desk,
  operator: Operator,
  id: string,
  { decision, people, reason }: z.output<typeof releaseShape>,
): Promise<z.input<typeof decidedShape>> {
  const { store, now } = desk;
  const named = people === undefined ? undefined : await Promise.all(people.map((name) => byName(desk, name)));
  try {
    const done = await desk.withWorkflows((workflows) =>
      store.read(async (reader) => {
        const at = now();
        const secrecy = new Secrecy(reader, operator, at);
        const sees = (held: Reservation) => secrecy.showsReservation(held);
        const said = { hold: id, decision, by: operator.id, reason, now: at, sees };
        return releaseHold({ store, workflows }, named === undefined ? said : { ...said, people: named });
      }),
    );
    return { said: inWords(done), ...done, hold: await detailOf(desk, operator, id) };
  } catch (error) {
    throw problemOf(error);
  }
}

/** The person by their own id, whichever of their names was given. */
async function byName({ store }: Desk, name: string): Promise<string> {
  const [person, ...more] = await store.read((reader) => reader.personByAlias(name));
  if (person !== undefined && more.length === 0) return person.id;
  const problem = `"${name}" is ${person === undefined ? 'nobody’s name' : 'the name of several people'}`;
  throw new HttpProblem(400, `people: ${problem}`, { members: { errors: [{ path: '/people', problem }] } });
}

function inWords({ released, rejected, waitsForSecond }: Decided): string {
  const some = (what: string, ids: string[]) =>
    ids.length === 0 ? [] : [`${what}: ${ids.length > 10 ? `${ids.length} people` : ids.join(', ')}`];
  const words = [
    ...some('released', released),
    ...some('rejected', rejected),
    ...(waitsForSecond ? ['a second operator must release the same: more than one person takes two'] : []),
  ];
  return words.length === 0 ? 'decided before; everybody concerned was told again' : words.join('; ');
}

const statuses: Partial<Record<Failure['code'], number>> = {
  'not-found': 404,
  refused: 403,
  conflict: 409,
  unavailable: 503,
};

function problemOf(error: unknown): unknown {
  const status = error instanceof Failure ? statuses[error.code] : undefined;
  if (!(error instanceof Failure) || status === undefined) return error;
  const words = [error.message, error.advice].filter((part) => part !== undefined).join('. ');
  return new HttpProblem(status, words, {
    cause: error,
    ...(status === 503 ? { headers: { 'retry-after': '5' } } : {}),
  });
}
