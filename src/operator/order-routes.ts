import { z } from 'zod';
import { HttpProblem } from '../http/problem.ts';
import type { EventType } from '../model/event.ts';
import type { Person } from '../model/person.ts';
import type { Frontend } from '../receiver/temporal.ts';
import { civilDate, instant } from '../sources/event-data.ts';
import { knownPerson } from './known-person.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { orderedShape, subjectOf, takeOrder } from './orders.ts';
import { type Asked, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';

const reason = z.string().trim().min(1, 'must say why').max(500, 'must be at most 500 characters');
const word = (problem: string) => z.string().trim().min(1, problem).max(200, 'must be at most 200 characters');

const operators = ['operator', 'admin'] as const;
const givers = ['operator', 'security', 'admin'] as const;
const lawyers = ['security', 'admin'] as const;

/** What operators order: each becomes an event, which takes the same way as any other. */
export function orderRoutes(desk: Desk, frontend: Frontend): Route[] {
  /** An order about the person whom the path names. */
  const order = async <Body>(
    { operator, id, body, idempotencyKey }: Asked<unknown, Body>,
    type: EventType,
    dataOf: (body: Body, person: Person) => Record<string, unknown>,
  ) => {
    const person = await desk.store.read((reader) => knownPerson(reader, id));
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const [subject, data] = [subjectOf(person, id), dataOf(body, person)];
    return takeOrder(frontend, { type, subject, data, operator, ...key, now: desk.now() });
  };
  const common = { method: 'post', starts: true, query: noQuery, answer: orderedShape } as const;
  return [
    route({
      ...common,
      path: '/api/hires/{person}/amend',
      summary: 'Move a start that is to come; today or before, they begin at once',
      roles: operators,
      body: z.strictObject({ startDate: civilDate, reason }),
      work: (asked) => order(asked, 'start-date-changed', ({ startDate, reason: why }) => ({ startDate, reason: why })),
    }),
    route({
      ...common,
      path: '/api/hires/{person}/cancel',
      summary: 'Call a hire off: what was made for it is removed',
      roles: operators,
      body: z.strictObject({ reason }),
      work: (asked) => order(asked, 'hire-cancelled', ({ reason: why }) => ({ reason: why })),
    }),
    route({
      ...common,
      path: '/api/people/{id}/contract-end',
      summary: 'Move the end of a contract, or with null take it away',
      roles: operators,
      body: z.strictObject({ endDate: civilDate.nullable(), reason }),
      work: (asked) => order(asked, 'contract-end-changed', ({ endDate, reason: why }) => ({ endDate, reason: why })),
    }),
    route({
      ...common,
      path: '/api/people/{id}/privileges',
      summary: 'Ask for a privilege that policy.yaml lists under requestable, for a time or for good',
      roles: givers,
      body: z.strictObject({
        privilege: word('must name one'),
        until: z.union([instant, civilDate], 'must be an instant with its offset, or a date').exactOptional(),
        reason,
      }),
      work: (asked) =>
        order(asked, 'privilege-granted', ({ privilege, until, reason: why }) => ({
          ...{ privilege, reason: why, requestedBy: asked.operator.id },
          ...(until === undefined ? {} : { until }),
        })),
    }),
    route({
      ...common,
      path: '/api/people/{id}/separation-exceptions',
      summary: 'Let somebody have, until a moment, what separation of duties keeps apart; you answer for it',
      roles: ['security'],
      body: z.strictObject({
        rule: word('must name one of separationOfDuties'),
        target: word('must name one'),
        entitlement: z.string().trim().min(1, 'must name one').max(500),
        until: instant,
        reason,
      }),
      work: (asked) =>
        order(asked, 'privilege-granted', ({ rule, target, entitlement, until, reason: why }) => ({
          ...{ target, entitlement, until, exception: { rule, until, reason: why } },
        })),
    }),
    route({
      ...common,
      path: '/api/people/{id}/legal-holds/lift',
      summary: 'Ask for a legal hold to be lifted; it is when a second person asks the same',
      roles: lawyers,
      body: z.strictObject({ hold: word('must name one').exactOptional() }),
      work: (asked) => order(asked, 'legal-hold-lifted', ({ hold }, person) => ({ hold: theHold(person, hold) })),
    }),
    route({
      ...common,
      path: '/api/people/{id}/legal-holds',
      summary:
        'Place a legal hold: nothing of theirs is deleted, handed over or unlicensed, and nothing stays open for it',
      roles: lawyers,
      body: z.strictObject({ case: word('must name the case') }),
      work: (asked) => order(asked, 'legal-hold-placed', ({ case: reference }) => ({ case: reference })),
    }),
    route({
      ...common,
      path: '/api/undo',
      summary: 'Ask for what an event took to be given back; what it gives waits for approval',
      roles: givers,
      body: z.strictObject({ event: word('must name one, by its key'), reason }),
      work: async ({ operator, body, idempotencyKey }) => {
        const person = await whoseEvent(desk, operator, body.event);
        const key = idempotencyKey === undefined ? {} : { idempotencyKey };
        const data = { event: body.event, reason: body.reason };
        return takeOrder(frontend, {
          ...{ type: 'undo-requested', subject: subjectOf(person, person.id), data, operator },
          ...{ ...key, now: desk.now() },
        });
      },
    }),
  ];
}

/** The only one, where none is named. */
function theHold({ legalHolds }: Person, wanted: string | undefined): string {
  const [found, ...more] = legalHolds.filter(({ id }) => wanted === undefined || id === wanted);
  if (found === undefined)
    throw new HttpProblem(404, wanted === undefined ? 'no legal hold is on them' : 'no such hold is on them');
  if (more.length === 0) return found.id;
  const holds = legalHolds.map(({ id }) => id);
  throw new HttpProblem(409, `several legal holds are on them; name one: ${holds.join(', ')}`, { members: { holds } });
}

/** Whom an event was about. What may not be seen is not there. */
function whoseEvent({ store, now }: Desk, operator: Operator, key: string): Promise<Person> {
  return store.read(async (reader) => {
    const arrival = await reader.arrival(key);
    const shown = arrival !== undefined && (await new Secrecy(reader, operator, now()).showsArrival(arrival));
    if (arrival === undefined || !shown) throw new HttpProblem(404, 'no event has that key');
    const person = arrival.person === undefined ? undefined : await reader.person(arrival.person);
    if (person === undefined) throw new HttpProblem(409, 'nobody was found for that event, so nothing came of it');
    return person;
  });
}
