import type { Transaction } from '../src/directory/store.ts';
import type { EventType, IdentityEvent } from '../src/model/event.ts';
import type { Identifier } from '../src/model/person.ts';

const creating: ReadonlySet<EventType> = new Set(['hired', 'rehired', 'converted']);

type Made = { kind: 'created'; person: string } | { kind: 'several'; people: string[] };

/**
 * Makes the person a source of record hires, in the caller's transaction and under its lock on the subject. Somebody who
 * was here before is held for a person to decide: an e-mail, a former worker number or the source's own word says so.
 */
export async function newPerson(tx: Transaction, event: IdentityEvent): Promise<Made | undefined> {
  if (!creating.has(event.type)) return undefined;
  const { data, subject, source } = event;
  const former = await probableFormer(tx, event);
  if (former.length > 0) return { kind: 'several', people: former };
  const name = [data.firstName, data.lastName].filter((part) => part !== undefined).join(' ') || subject;
  const startDate = data.startDate ?? event.effectiveDate ?? event.receivedAt.slice(0, 10);
  const identifiers: Identifier[] = [{ source, type: 'workerId', value: subject }];
  if (data.wid !== undefined) identifiers.push({ source, type: 'wid', value: data.wid });
  if (data.email !== undefined) identifiers.push({ source, type: 'email', value: data.email });
  const { firstName, lastName, email, department, jobTitle, location, managerId, workerType } = data;
  const attributes = { firstName, lastName, email, department, jobTitle, location, managerId, workerType };
  await tx.createPerson({
    id: subject,
    name,
    state: 'PreHire',
    privileged: false,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)),
    identifiers,
    engagements: [
      {
        id: `${source}:${subject}:${startDate}`,
        source,
        workerId: subject,
        workerType: workerType ?? 'employee',
        startDate,
        primary: true,
        ...(data.wid === undefined ? {} : { wid: data.wid }),
        ...(typeof data.endDate === 'string' ? { endDate: data.endDate } : {}),
        ...(managerId === undefined ? {} : { managerId }),
        ...(location === undefined ? {} : { location }),
      },
    ],
  });
  return { kind: 'created', person: subject };
}

async function probableFormer(tx: Transaction, event: IdentityEvent): Promise<string[]> {
  const found = new Set<string>();
  for (const prior of event.data.priorWorkerIds ?? []) {
    for (const id of await tx.peopleWith({ type: 'workerId', value: prior })) found.add(id);
  }
  if (event.data.email !== undefined) {
    for (const id of await tx.peopleWith({ type: 'email', value: event.data.email })) found.add(id);
  }
  if ((await tx.person(event.subject)) !== undefined) found.add(event.subject);
  return [...found];
}
