import type { Person } from '../model/person.ts';
import type { Change } from '../model/plan.ts';
import type { PlannedTarget } from './plan.ts';
import type { Policy } from './schema.ts';
import { fillTemplate } from './templates.ts';

/** The transitions that open tickets and send messages. */
export const transitions = ['hired', 'started', 'moved', 'leaver', 'involuntary', 'violation'] as const;
export type Transition = (typeof transitions)[number];

type Ticket = Policy['transitions']['leaver']['tickets'][number];
type Message = Policy['transitions']['leaver']['messages'][number];

/** What a transition opens and tells, as changes. Each has one correlation id for person, transition and date, whatever event said so. */
export function planNotices(request: {
  person: Person;
  policy: Pick<Policy, 'transitions'>;
  targets: readonly PlannedTarget[];
  transition: Transition;
  /** The civil date of the transition. */
  date: string;
}): Change[] {
  const { policy, transition, person } = request;
  // Where the manager stayed, or there was none before, no former one is told.
  const messages = policy.transitions[transition].messages.filter(
    ({ to }) => to !== 'formerManager' || person.attributes['formerManagerId'] !== undefined,
  );
  const tickets = transition === 'involuntary' ? [] : policy.transitions[transition].tickets;
  return [
    ...tickets.map((ticket) => planTicket(request, ticket)),
    ...messages.map((message) => planMessage(request, message, `transitions.${transition}.messages`)),
  ];
}

interface About {
  person: Person;
  targets: readonly PlannedTarget[];
  date: string;
  transition: string;
}

function planTicket(about: About, { target, kind, title, body, checklist }: Ticket): Change {
  const { person, date, transition } = about;
  const values = { person, date };
  return {
    id: `ticket:${target}:${kind}`,
    target,
    action: 'ticket',
    summary: `open ${kind} ticket for ${person.id} in ${titleOf(about, target)}`,
    because:
      transition === 'leaver'
        ? `transitions.leaver.tickets: everybody who leaves has one of kind ${kind}`
        : `transitions.${transition}.tickets: one of kind ${kind}`,
    after: [],
    content: {
      kind,
      title: fillTemplate(title, values),
      body: fillTemplate(body, values),
      // By person, transition and date, so that HR and the identity platform both reporting one leaver make one ticket.
      correlationId: `${kind}:${person.id}:${date}`,
      ...(checklist.length === 0 ? {} : { checklist: checklist.map((point) => fillTemplate(point, values)) }),
    },
  };
}

/** A message of the policy, as a change of a plan. */
export function planMessage(about: About, message: Message, because: string): Change {
  const { person, date } = about;
  const values = { person, date };
  return {
    id: `message:${message.target}:${message.id}`,
    target: message.target,
    action: 'message',
    summary: `tell ${message.channel ?? message.to ?? 'somebody'} about ${person.id} by ${titleOf(about, message.target)}`,
    because,
    after: [],
    content: {
      kind: message.id,
      title: fillTemplate(message.title, values),
      body: fillTemplate(message.text, values),
      correlationId: `${message.id}:${person.id}:${date}`,
      ...(message.channel === undefined ? {} : { channel: message.channel }),
      ...(message.to === undefined ? {} : { to: message.to }),
    },
  };
}

const titleOf = ({ targets }: About, target: string): string =>
  targets.find(({ name }) => name === target)?.title ?? target;
