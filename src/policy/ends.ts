import type { IdentityEvent } from '../model/event.ts';
import type { Engagement, PendingChange, Person } from '../model/person.ts';
import { dateIn } from '../model/time.ts';
import { confidential, type EndDecision, type EndQuestion, type Ends, hold, ignore, worded } from './end-decision.ts';
import { type EndMoment, endMoment, isAtOnce } from './end-moment.ts';
import { engagementFor, pendingEndOf, remaining, zoneOf } from './engagements.ts';
import { aboutOldEmployment } from './old-employment.ts';
import { entryOrder } from './pending-end.ts';
import type { Policy } from './schema.ts';
import { takenBackBefore } from './taken-back.ts';

export { priorityOf } from '../model/priority.ts';
export { confidential, type EndDecision, type EndLater, type EndNow, type EndQuestion } from './end-decision.ts';
export { pendingEnd } from './pending-end.ts';

/** Decides what `terminated` means for this person: an end now, on a day, none, or a question for somebody. */
export function decideEnd(question: EndQuestion): EndDecision {
  const { person, event, policy, now } = question;
  if (person.protection !== undefined) return holdProtected(question);
  if (event.rescinded === true) {
    return hold(question, 'needs-decision', 'it says that it was taken back, which is no termination');
  }
  if (person.state === 'Terminating') return ignore('already so: this person is being terminated');

  const engagement = engagementFor(policy, person, event, now);
  if (engagement === 'several') {
    return hold(question, 'needs-decision', `"${event.subject}" may be more than one of their engagements`);
  }
  const ending = engagement === 'none' ? undefined : engagement;
  const old = aboutOldEmployment(question, ending);
  if (old !== undefined) return old;
  const takenBack = takenBackBefore(question, ending);
  if (takenBack !== undefined && 'decision' in takenBack) return takenBack;
  const moment = endMoment(event, zoneOf(policy, person, ending).zone, policy, now);
  return besidePending(question, ending, moment, takenBack?.doubt);
}

/** Decides about an end whose moment has come: since it was set, the person may have been protected or hired again. */
export function decideDueEnd(question: {
  person: Person;
  pending: PendingChange;
  event: IdentityEvent;
  policy: Policy;
}): EndDecision {
  const { person, pending, event, policy } = question;
  if (person.protection !== undefined) return holdProtected(question);
  const at = Date.parse(pending.dueAt);
  const ending = person.engagements.find((each) => each.id === pending.data['engagement']);
  const gone = person.state === 'Terminating' || person.state === 'Terminated';
  return {
    decision: 'now',
    effective: pending.dueAt,
    date: pending.date ?? dateIn(at, zoneOf(policy, person, ending).zone),
    reason: 'its moment has come',
    ...(ending === undefined ? {} : { engagement: ending.id }),
    endsAccess: gone || remaining(policy, person, ending?.id, at, gapFor(event)) === undefined,
    replaces: pending.id,
  };
}

/** One end at a time waits for an engagement: the one entered later; where nobody knows which that is, the earlier one. */
function besidePending(
  question: EndQuestion,
  ending: Engagement | undefined,
  moment: EndMoment,
  doubt?: string,
): EndDecision {
  const { person, event } = question;
  const pending = pendingEndOf(person, ending?.id);
  if (pending === undefined) return happens(question, ending, moment, undefined, doubt);
  // A contract's end was set with the contract; a termination is a later word.
  const order = pending.data['contract'] === true ? 'later' : entryOrder(event, pending);
  if (isAtOnce(event)) {
    const ask = order === 'earlier' ? 'it was entered before the end that waited, which says otherwise' : undefined;
    return happens(question, ending, moment, pending, ask, doubt);
  }
  if (order === 'earlier') return ignore('what is pending was entered later');
  const sameMoment = moment.at === Date.parse(pending.dueAt);
  if (sameMoment && !changesSecrecy(question, pending, order)) return ignore('already so: it says what is pending');
  if (sameMoment || order === 'later') return happens(question, ending, moment, pending, doubt);
  if (moment.at < Date.parse(pending.dueAt)) {
    const ask = 'another end waited for a later day, and which was entered last is not known; the earlier one counts';
    return happens(question, ending, moment, pending, ask, doubt);
  }
  return hold(
    question,
    'needs-decision',
    'an end is pending for an earlier day, and which was entered last is not known; the earlier one stays. If the later day is right, send it again with its entry moment',
  );
}

/** The same day said again counts only where it makes a secret of it, or, entered later, says that it is none. */
function changesSecrecy({ event, policy }: EndQuestion, pending: PendingChange, order: string): boolean {
  if (event.data.category === undefined) return false;
  return confidential(event, policy) ? !pending.confidential : pending.confidential && order === 'later';
}

function happens(
  question: EndQuestion,
  ending: Engagement | undefined,
  moment: EndMoment,
  replaced?: PendingChange,
  ...doubts: (string | undefined)[]
): EndDecision {
  const { person, event, policy, now } = question;
  const { zone, known } = zoneOf(policy, person, ending);
  const stays = remaining(policy, person, ending?.id, Math.max(moment.at, now), gapFor(event));
  const asks = [
    ...doubts,
    moment.civil && !known ? `their location has no time zone in policy.yaml; the date was read in ${zone}` : undefined,
    isAtOnce(event) && stays !== undefined
      ? `engagement ${stays.workerId} is active, and their access stays`
      : undefined,
  ].filter((each) => each !== undefined);
  const ends: Ends = {
    ...(ending === undefined ? {} : { engagement: ending.id }),
    endsAccess: stays === undefined,
    ...(replaced === undefined ? {} : { replaces: replaced.id }),
    ...(asks.length === 0 ? {} : { ask: worded(question, asks.join('; ')) }),
  };
  const at = new Date(moment.at).toISOString();
  if (moment.at <= now) return { decision: 'now', effective: at, date: moment.date, reason: moment.reason, ...ends };
  // A second source that says no category does not make a known secret public.
  const keepsSecret = event.data.category === undefined && replaced?.confidential === true;
  return {
    decision: 'schedule',
    at,
    zone,
    date: moment.date,
    confidential: confidential(event, policy) || keepsSecret,
    tellSecurity: event.data.category === 'involuntary',
    ...ends,
  };
}

/** Who is to go at once is not kept by an engagement that begins next week. */
const gapFor = (event: IdentityEvent): 'bridged' | 'open' => (isAtOnce(event) ? 'open' : 'bridged');

function holdProtected(question: Pick<EndQuestion, 'person' | 'event' | 'policy'>): EndDecision {
  const { protection } = question.person;
  return hold(
    question,
    'protected-person',
    `they are protected (${protection}), and no event changes their access by itself`,
  );
}
