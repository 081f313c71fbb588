import { z } from 'zod';
import type { Page, PageRequest, Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { personWorkflowId } from '../model/messages.ts';
import type { PendingChange } from '../model/person.ts';
import { startOfDay } from '../model/time.ts';
import { evidenceInWords } from './evidence-words.ts';
import type { hireShape, timelineShape } from './hire-shapes.ts';
import { knownPerson } from './known-person.ts';
import { pendingInWords } from './pending-words.ts';
import type { Secrecy, ShownPerson } from './secrecy.ts';

type Hire = z.input<typeof hireShape>;
type Timeline = z.input<typeof timelineShape>;

/** A page of those who are to start, the next first. `startsBefore` is a civil date where each of them is. */
export async function hires(
  reader: Reader,
  secrecy: Secrecy,
  filter: { startsBefore?: string; location?: string },
  page: PageRequest,
): Promise<Page<Hire>> {
  const { startsBefore, ...rest } = filter;
  // Nowhere does that day begin later; whether it is before it where they are is seen below.
  const before = startsBefore === undefined ? {} : { before: latestMidnight(startsBefore) };
  const found = await reader.starts({ ...rest, ...before }, page);
  const records = await reader.peopleOf(found.items.map(({ person }) => person));
  const people = new Map(records.map((person) => [person.id, person]));
  const items = found.items.flatMap(({ person: id, id: start }): Hire[] => {
    const person = people.get(id);
    const row = person?.pending.find((change) => change.id === start);
    if (person === undefined || row === undefined) return [];
    if (startsBefore !== undefined && (row.date ?? row.dueAt) >= startsBefore) return [];
    return [hireOf(secrecy.person(person), row)];
  });
  return { ...found, items };
}

/** The hire of whom this is a name; of several starts the one with that worker number, or the next. */
export async function hire(reader: Reader, secrecy: Secrecy, alias: string): Promise<Hire> {
  const person = await knownPerson(reader, alias);
  const starts = byDue(person.pending.filter(({ kind }) => kind === 'start'));
  const named = starts.find(({ data }) =>
    person.engagements.some((each) => each.id === data['engagement'] && each.workerId === alias),
  );
  const start = named ?? starts[0];
  if (start === undefined) throw new HttpProblem(404, `${person.id} is ${person.state}, and no start is to come`);
  return hireOf(secrecy.person(person), start);
}

/** A page of what happened to somebody, and all that is to come. */
export async function timeline(reader: Reader, secrecy: Secrecy, alias: string, page: PageRequest): Promise<Timeline> {
  const person = await knownPerson(reader, alias);
  const list = (part: PageRequest) => reader.evidence({ person: person.id }, part);
  const { items, ...more } = await secrecy.page(page, list, secrecy.evidenceFilter());
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
