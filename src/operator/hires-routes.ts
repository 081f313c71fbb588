import { z } from 'zod';
import type { Page } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { personWorkflowId } from '../model/messages.ts';
import type { PendingChange } from '../model/person.ts';
import { startOfDay } from '../model/time.ts';
import { civilDate } from '../sources/event-data.ts';
import { evidenceInWords } from './evidence-words.ts';
import { hireShape, legalHoldShape, timelineShape } from './hire-shapes.ts';
import { knownPerson } from './known-person.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import { pendingInWords } from './pending-words.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy, type ShownPerson } from './secrecy.ts';
import { pageOf } from './shapes.ts';

type Hire = z.input<typeof hireShape>;

const filters = {
  startsBefore: civilDate.exactOptional().describe('starts before this day'),
  location: z.string().exactOptional(),
};

/** People in flight by what is dated: who starts, and each one's past and future. */
export function hiresRoutes({ store, now }: Desk): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/hires',
      summary: 'Who is to start, the next first',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(hireShape),
      work: ({ operator, query }) =>
        store.read(async (reader) => {
          const { filter, page } = pageOfQuery(query);
          const { startsBefore, ...rest } = filter;
          // Nowhere does that day begin later; whether it is before it where they are is seen below.
          const before = startsBefore === undefined ? {} : { before: latestMidnight(startsBefore) };
          const secrecy = new Secrecy(reader, operator, now());
          const found = await listed(() => reader.starts({ ...rest, ...before }, page));
          const people = new Map(
            (await reader.peopleOf(found.items.map(({ person }) => person))).map((person) => [person.id, person]),
          );
          const items = found.items.flatMap(({ person: id, id: start }): Hire[] => {
            const person = people.get(id);
            const row = person?.pending.find((change) => change.id === start);
            if (person === undefined || row === undefined) return [];
            if (startsBefore !== undefined && (row.date ?? row.dueAt) >= startsBefore) return [];
            return [hireOf(secrecy.person(person), row)];
          });
          const shown: Page<Hire> = { ...found, items };
          return shown;
        }),
    }),
    route({
      method: 'get',
      path: '/api/hires/{person}',
      summary: 'One hire, by any name of the person',
      query: noQuery,
      body: noBody,
      answer: hireShape,
      work: ({ operator, id }) =>
        store.read(async (reader) => {
          const person = await knownPerson(reader, id);
          const starts = byDue(person.pending.filter(({ kind }) => kind === 'start'));
          const named = starts.find(({ data }) =>
            person.engagements.some((each) => each.id === data['engagement'] && each.workerId === id),
          );
          const start = named ?? starts[0];
          if (start === undefined)
            throw new HttpProblem(404, `${person.id} is ${person.state}, and no start is to come`);
          return hireOf(new Secrecy(reader, operator, now()).person(person), start);
        }),
    }),
    route({
      method: 'get',
      path: '/api/people/{id}/timeline',
      summary: 'What happened to somebody, in order, and what is to come',
      query: z.strictObject(paging),
      body: noBody,
      answer: timelineShape,
      work: ({ operator, id, query }) =>
        store.read(async (reader) => {
          const person = await knownPerson(reader, id);
          const secrecy = new Secrecy(reader, operator, now());
          const shows = secrecy.evidenceFilter();
          const { items, ...more } = await listed(() =>
            secrecy.page(query, (part) => reader.evidence({ person: person.id }, part), shows),
          );
          const { name, state, pending, legalHolds } = secrecy.person(person);
          return {
            ...{ person: person.id, name, state, workflowId: personWorkflowId(person.id) },
            happened: items.map((row) => ({
              ...{ at: row.at, recordedAt: row.recordedAt, kind: row.kind, what: evidenceInWords(row) },
              ...(row.event === undefined ? {} : { event: row.event }),
              ...(row.target === undefined ? {} : { target: row.target }),
            })),
            ...more,
            due: dueOf(pending),
            ...(legalHolds === undefined ? {} : { legalHolds }),
          };
        }),
    }),
    route({
      method: 'get',
      path: '/api/legal-holds',
      summary: 'Legal holds in force, and on whom; the oldest first',
      roles: ['security', 'admin'],
      query: noQuery,
      body: noBody,
      answer: pageOf(legalHoldShape),
      work: () => store.read(async (reader) => ({ items: await reader.legalHolds() })),
    }),
  ];
}

const latestMidnight = (date: string): string => new Date(startOfDay(date, 'Etc/GMT+12')).toISOString();

const byDue = (changes: PendingChange[]): PendingChange[] =>
  [...changes].sort((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt));

function dueOf(pending: PendingChange[]): Hire['due'] {
  return byDue(pending).map((change) => {
    const { id, kind, dueAt, date, zone, event, confidential } = change;
    return {
      ...{ id, kind, dueAt, event, confidential, what: pendingInWords(change) },
      ...(date === undefined ? {} : { date }),
      ...(zone === undefined ? {} : { zone }),
    };
  });
}

const move = z.object({ from: z.string(), to: z.string(), by: z.string(), event: z.string(), at: z.string() });

function hireOf(person: ShownPerson, start: PendingChange): Hire {
  const engagement = person.engagements.find(({ id }) => id === start.data['engagement']);
  const { workerId, workerType, location = person.attributes.location, managerId } = engagement ?? {};
  const manager = managerId ?? person.attributes.managerId;
  const moves = z.array(move).safeParse(start.data['moves'] ?? []);
  return {
    ...{ person: person.id, name: person.name, state: person.state },
    ...(workerId === undefined ? {} : { workerId }),
    ...(workerType === undefined ? {} : { workerType }),
    ...(location === undefined ? {} : { location }),
    ...(manager === undefined ? {} : { managerId: manager }),
    startDate: start.date ?? start.dueAt.slice(0, 10),
    ...(start.zone === undefined ? {} : { zone: start.zone }),
    ...{ startsAt: start.dueAt, event: start.event, moves: moves.success ? moves.data : [] },
    accounts: person.accounts
      .filter(({ status }) => status !== 'absent')
      .map(({ target, name, kind, status, entitlements }) => ({
        ...{ target, name, kind, status },
        entitlements: entitlements.length,
      })),
    due: dueOf(person.pending),
    workflowId: personWorkflowId(person.id),
  };
}
