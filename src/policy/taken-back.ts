import type { IdentityEvent } from '../model/event.ts';
import type { FactSource } from '../model/grant.ts';
import type { Engagement, Person } from '../model/person.ts';
import { type EndDecision, type EndQuestion, hold, ignore } from './end-decision.ts';
import { isAtOnce, statedDate } from './end-moment.ts';
import { zoneOf } from './engagements.ts';
import { entryOrder } from './pending-end.ts';

const prefix = 'endTakenBack:';

/**
 * The facts of a person with an end that was taken back: a termination entered before that ends nobody, however late it
 * arrives. Of two about the same end the later entered is kept. `about`: the engagement, undefined where it may be several; `met`:
 * the end was known.
 */
export function withTakenBack(
  { facts }: Pick<Person, 'facts'>,
  event: IdentityEvent,
  { about, zone, now, met }: { about: string | undefined; zone: string; now: string; met: boolean },
): Record<string, FactSource> {
  // It has done what it was for, and nothing that comes later can be told to be older.
  if (met && event.enteredAt === undefined) return facts;
  const date = statedDate(event, zone);
  const entryUnknown = event.enteredAt === undefined;
  const name = `${prefix}${[about ?? '*', date ?? '*', ...(met ? ['met'] : []), ...(entryUnknown ? ['?'] : [])].join('|')}`;
  const before = facts[name];
  if (before !== undefined && entryOrder(event, { data: entryOf(before) }) === 'earlier') return facts;
  const said: FactSource = {
    event: event.key,
    source: event.source,
    effective: now,
    enteredAt: event.enteredAt ?? event.receivedAt,
    ...(event.sequence === undefined ? {} : { sequence: event.sequence }),
    ...(entryUnknown ? { entryUnknown } : {}),
    ...(about === undefined ? {} : { about }),
    ...(date === undefined ? {} : { date }),
    ...(met ? { met } : {}),
  };
  return { ...facts, [name]: said };
}

/** The facts without them: for an end that no termination has said, and none can have taken back. */
export function withoutTakenBack(facts: Person['facts']): Person['facts'] {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !name.startsWith(prefix)));
}

/**
 * What an end means that may have been taken back before it arrived: nothing, or a question for somebody. `doubt`: it happens,
 * and a person is asked all the same. Undefined: nothing speaks against it.
 */
export function takenBackBefore(
  question: EndQuestion,
  ending: Engagement | undefined,
): EndDecision | { doubt: string } | undefined {
  const { person, event, policy } = question;
  const stated = statedDate(event, zoneOf(policy, person, ending).zone);
  const found = Object.entries(person.facts)
    .filter(([name, { about }]) => name.startsWith(prefix) && (about === undefined || about === (ending?.id ?? '')))
    .map(([, said]) => said)
    .map((said) => ({
      said,
      order: entryOrder(event, { data: entryOf(said) }),
      sameDay: said.date === undefined || stated === undefined || said.date === stated,
    }))
    .filter(({ said, order }) => order === 'earlier' || (order === 'unknown' && said.met !== true));
  const plain = found.find(({ said, order, sameDay }) => order === 'earlier' && sameDay && said.about !== undefined);
  if (plain !== undefined)
    return ignore(`taken back by ${plain.said.event}, which was entered later and came before it`);
  const [first] = found;
  if (first === undefined) return undefined;
  const { said, order, sameDay } = first;
  const what = [
    `${said.event} took back an end of theirs before this arrived`,
    ...(sameDay ? [] : [`that one was to be on ${said.date}`]),
    ...(order === 'earlier' ? [] : ['which of the two was entered last is not known']),
  ].join('; ');
  // Who is to go at once is not kept by a doubt, nor by a word that names another day and is perhaps the older one.
  const happens = isAtOnce(event) || found.every((each) => each.order === 'unknown' && !each.sameDay);
  if (happens) return { doubt: what };
  return hold(
    question,
    'needs-decision',
    `${what}. Nothing was ended: if they are to leave, have it sent again with its entry moment; else drop it`,
  );
}

/** As `entryOrder` reads it. */
function entryOf({ source, enteredAt, sequence, entryUnknown }: FactSource): Record<string, string> {
  return {
    source,
    ...(entryUnknown === true ? {} : { enteredAt }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}
