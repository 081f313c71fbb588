import { type Engagement, type Person, personalKinds } from '../model/person.ts';
import { dateIn } from '../model/time.ts';
import { type EndDecision, type EndQuestion, hold, ignore } from './end-decision.ts';
import { isAtOnce, statedDate } from './end-moment.ts';
import { isActive, isOver, remaining, zoneOf } from './engagements.ts';
import type { Policy } from './schema.ts';

/** What an end means that is not about the employment of today; undefined when it is. */
export function aboutOldEmployment(question: EndQuestion, ending: Engagement | undefined): EndDecision | undefined {
  const { person, policy, now } = question;
  const { zone } = zoneOf(policy, person, ending);
  if (hasLeft(person, ending, dateIn(now, zone))) return leftBefore(question, ending, zone);
  return ending === undefined ? undefined : endsAnother(question, ending, zone);
}

/** Gone before, and not about to begin again: what is left to decide is whether something was left open. */
function hasLeft(person: Person, engagement: Engagement | undefined, today: string): boolean {
  const toBegin = engagement !== undefined && engagement.startDate > today;
  return (person.state === 'Terminated' || person.state === 'Cancelled') && !toBegin;
}

function leftBefore(
  { person, event, now }: EndQuestion,
  engagement: Engagement | undefined,
  zone: string,
): EndDecision {
  const open = person.accounts.filter((each) => personalKinds.has(each.kind) && each.status === 'enabled');
  if (open.length === 0) {
    return ignore('already so: this person has left, and no account of theirs is known to be open');
  }
  return {
    decision: 'now',
    effective: new Date(Math.min(Date.parse(event.receivedAt), now)).toISOString(),
    date: engagement?.endDate ?? statedDate(event, zone) ?? dateIn(now, zone),
    reason: `this person has left, and of their accounts ${open.length} are known to be open`,
    ...(engagement === undefined ? {} : { engagement: engagement.id }),
    endsAccess: true,
  };
}

/** Payroll corrects an employment before today's, or one that is over is reported again. */
function endsAnother(question: EndQuestion, ending: Engagement, zone: string): EndDecision | undefined {
  const { person, event, policy, now } = question;
  const stated = statedDate(event, zone);
  const over = isOver(policy, person, ending, now);
  const other = remaining(policy, person, ending.id, now, 'bridged');
  if (over && other !== undefined && (stated === undefined || stated === ending.endDate)) {
    return ignore('already so: that engagement is over, and another one gives them their access');
  }
  const begins = over ? currentStart(policy, person, now) : ending.startDate;
  if (stated === undefined || begins === undefined || stated >= begins) return undefined;
  // Where there was no employment before this hire, nothing else can be meant.
  const first = person.engagements.every((each) => each.startDate >= ending.startDate);
  if (isAtOnce(event) && person.state === 'PreHire' && first) return undefined;
  const advice = 'If they are to leave, send it with a date in this engagement; if a hire is off, cancel the hire.';
  return hold(
    question,
    'needs-decision',
    `it is effective on ${stated}, before the current engagement began on ${begins}; nothing was removed. ${advice}`,
  );
}

/** When the employment of today began, whichever it is. */
function currentStart(policy: Policy, person: Person, now: number): string | undefined {
  return person.engagements
    .filter((each) => isActive(policy, person, each, now))
    .map((each) => each.startDate)
    .sort()[0];
}
