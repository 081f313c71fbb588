import type { Engagement, Person } from '../src/model/person.ts';
import { isActive, pendingEndsOf, wasCalledOff } from '../src/policy/engagements.ts';
import { type Deciding, evidence } from './decide-event.ts';
import { type Facts, factSource, state } from './facts.ts';
import { moveDates, replanAfter } from './moved.ts';

/**
 * An engagement is over and another one goes on: nothing of the first is waited for any more, and where it was the primary one
 * the other takes its place, with its own manager, location (and so zone) and kind of worker. True: their access is planned
 * anew, and the event is told when that is confirmed.
 */
export async function goesOn(deciding: Deciding, over: string | undefined): Promise<boolean> {
  const { tx } = deciding;
  const person = (await tx.person(deciding.person.id)) ?? deciding.person;
  if (over === undefined) return false;
  const reminders = person.pending.filter(({ kind, data }) => kind === 'reminder' && data['what'] === over);
  const gone = [...pendingEndsOf(person, over), ...reminders];
  for (const { id } of gone) await tx.removePending(person.id, id);
  const ended = person.engagements.find(({ id }) => id === over);
  const next = ended?.primary === true ? nextOf(deciding, person, over) : undefined;
  if (ended === undefined || next === undefined) return false;
  await tx.putEngagement(person.id, { ...ended, primary: false });
  await tx.putEngagement(person.id, { ...next, primary: true });
  const engagements = person.engagements.map((each) =>
    each.id === over ? { ...each, primary: false } : each.id === next.id ? { ...each, primary: true } : each,
  );
  const pending = person.pending.filter((row) => !gone.includes(row));
  return takesOver({ ...deciding, person: { ...person, engagements, pending } }, next);
}

/** The one that has gone on longest; where none has begun yet, the next takes its place when it does. */
function nextOf({ dependencies, now }: Deciding, person: Person, over: string): Engagement | undefined {
  return person.engagements
    .filter(
      (each) => each.id !== over && !wasCalledOff(each) && isActive(dependencies.policy, person, each, Date.parse(now)),
    )
    .sort((one, other) => (`${one.startDate} ${one.id}` < `${other.startDate} ${other.id}` ? -1 : 1))[0];
}

async function takesOver(deciding: Deciding, next: Engagement): Promise<boolean> {
  const { tx, person, event, now } = deciding;
  const { location, managerId, workerType } = next;
  const facts: Facts = {
    workerType,
    ...(location === undefined ? {} : { location }),
    ...(managerId === undefined ? {} : { managerId }),
  };
  // It counts from now on, whatever was said of the other engagement before.
  const stated = state(person, facts, factSource(event, now), true);
  const { attributes, changed } = stated;
  await evidence(deciding, 'engagement-goes-on', { engagement: next.id, facts: changed });
  if (changed.length === 0) return false;
  delete attributes['formerManagerId'];
  const former = person.attributes.managerId;
  if (changed.includes('managerId') && former !== undefined) attributes['formerManagerId'] = former;
  await tx.updatePerson(person.id, { attributes, facts: stated.facts });
  if (changed.includes('location')) await moveDates(deciding, next);
  await replanAfter(deciding, changed);
  return true;
}
