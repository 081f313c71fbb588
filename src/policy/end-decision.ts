import type { IdentityEvent } from '../model/event.ts';
import type { ExceptionKind } from '../model/exception.ts';
import type { Person } from '../model/person.ts';
import type { Policy } from './schema.ts';

/** What is asked: an event that ends something, the person it is about, and when. */
export interface EndQuestion {
  person: Person;
  event: IdentityEvent;
  policy: Policy;
  /** Epoch milliseconds. */
  now: number;
}

/** What both kinds of end that happen have in common. */
export interface Ends {
  /** The engagement that ends; absent for a person without any. */
  engagement?: string;
  /** False while another engagement is active or follows within policy's gap: then it ends alone, and no access goes. */
  endsAccess: boolean;
  /** The pending end, by id, that this one takes the place of. */
  replaces?: string;
  /** A person must look at this as well; nothing waits for them. */
  ask?: string;
}

/** An end that takes effect now. */
export interface EndNow extends Ends {
  decision: 'now';
  /** ISO instant from which it counts; it may be past. */
  effective: string;
  /** The civil date the engagement ends on. */
  date: string;
  /** For people; never the category. */
  reason: string;
}

/** An end that waits for its moment. */
export interface EndLater extends Ends {
  decision: 'schedule';
  /** ISO instant, and the civil date and zone it came from. */
  at: string;
  zone: string;
  date: string;
  /** Nothing may show before that moment. */
  confidential: boolean;
  /** Security is told at once. */
  tellSecurity: boolean;
}

/** What an end means for a person. */
export type EndDecision =
  | EndNow
  | EndLater
  | { decision: 'ignore'; reason: string }
  | { decision: 'hold'; kind: ExceptionKind; reason: string };

/** Must nothing of this end show before its time? */
export function confidential(event: IdentityEvent, policy: Pick<Policy, 'ends'>): boolean {
  return event.data.category !== undefined && policy.ends.confidential.includes(event.data.category);
}

/** Nothing is to be done. */
export const ignore = (reason: string): EndDecision => ({ decision: 'ignore', reason });

/** Nothing is done until a person has looked. */
export function hold(
  question: Pick<EndQuestion, 'event' | 'policy'>,
  kind: ExceptionKind,
  reason: string,
): EndDecision {
  return { decision: 'hold', kind, reason: worded(question, reason) };
}

/** What a person is asked. An end that must not show is not described: whoever may know opens the event. */
export function worded({ event, policy }: Pick<EndQuestion, 'event' | 'policy'>, text: string): string {
  return confidential(event, policy) ? `event ${event.key} waits for a decision by security` : text;
}
