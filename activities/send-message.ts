import { finder } from '../src/directory/finder.ts';
import { Failure } from '../src/model/failure.ts';
import type { Person } from '../src/model/person.ts';
import type { ChangeResult, StepWork } from '../src/model/work.ts';
import { managerOf } from '../src/policy/who.ts';
import { callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { personOf } from './keys.ts';
import { targetOf } from './target-of.ts';

/** Sends the messages of a plan's step: to a channel, or to whoever the words mean for this person today. */
export async function sendMessages(dependencies: Dependencies, work: StepWork): Promise<ChangeResult> {
  const { store, timing } = dependencies;
  try {
    const { target, title } = targetOf(dependencies, work.step.target);
    if (target.messages === undefined) {
      throw new Failure('misconfigured', `${title} takes no messages, and policy.yaml sends one there`);
    }
    const person = await personOf(store, work.person);
    const context = callContext(dependencies, { ...work, change: work.step });
    const sent: { id: string; outcome: string }[] = [];
    for (const change of work.step.changes) {
      const { content } = change;
      if (content === undefined) continue;
      const places =
        content.people !== undefined
          ? (await addressesOfPeople(dependencies, content.people)).map((email) => ({ email }))
          : content.channel !== undefined
            ? [{ channel: content.channel }]
            : (await addressesOf(dependencies, person, content.to ?? 'manager', work.now)).map((email) => ({ email }));
      if (places.length === 0 && content.people === undefined) {
        throw new Failure('refused', `${change.summary}: there is nobody with an address`, {
          advice: 'Name a manager who is there, or give the group in policy.yaml an address.',
        });
      }
      for (const to of places) {
        const { correlationId, title, body: text, actions } = content;
        const message = { correlationId, to, title, text, ...(actions === undefined ? {} : { actions }) };
        const sending = target.messages.send(message, context);
        // Whoever is asked to decide finds it in the list as well, and may be known to one of several ways alone.
        const outcome = content.people === undefined ? await sending : await sending.catch(unreachable);
        sent.push({ id: change.id, outcome });
      }
    }
    // One event may have the same said on several days: a contract's reminders.
    const step = `${work.event}/${work.step.id}/${work.now}`;
    const piece = { workflowId: work.workflowId, step, person: work.person };
    const at = new Date().toISOString();
    await store.write({
      evidence: [
        { ...piece, event: work.event, target: work.step.target, at: work.now, kind: 'message-sent', data: { sent } },
      ],
    });
    return { status: 'confirmed', at, accounts: [] };
  } catch (error) {
    return resultOfFailure(error, timing.retryMaximumMs);
  }
}

function unreachable(error: unknown): 'unreachable' {
  if (error instanceof Failure && (error.code === 'not-found' || error.code === 'refused')) return 'unreachable';
  throw error;
}

/** Addresses of those a word of the policy means: `manager`, `formerManager`, `person`, `owner`, `group:<name>`. */
export async function addressesOf(
  { store, policy }: Dependencies,
  person: Person,
  who: string,
  now: string,
): Promise<string[]> {
  const emailOf = async (id: string): Promise<string[]> => {
    const [found] = await store.read((reader) => reader.personByAlias(id));
    return found?.attributes.email === undefined || found.attributes.email === '' ? [] : [found.attributes.email];
  };
  if (who === 'person' || who === 'requester') return emailOf(person.id);
  if (who === 'manager') {
    const manager = await store.read((reader) => managerOf(person, finder(reader), now));
    if (manager?.attributes.email !== undefined) return [manager.attributes.email];
    const { fallback } = policy.approvals;
    return fallback === undefined ? [] : groupAddresses(policy, fallback, emailOf);
  }
  if (who === 'formerManager') {
    const former = person.attributes['formerManagerId'];
    return typeof former === 'string' ? emailOf(former) : [];
  }
  if (who.startsWith('group:')) return groupAddresses(policy, who.slice('group:'.length), emailOf);
  return [];
}

/** Addresses of people by their ids, and of groups; an operator reads the mail of the groups they are in. */
async function addressesOfPeople({ store, policy }: Dependencies, people: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const emailOf = async (id: string): Promise<string[]> => {
    const [person] = await store.read((reader) => reader.personByAlias(id));
    return person?.attributes.email === undefined || person.attributes.email === '' ? [] : [person.attributes.email];
  };
  for (const id of people) {
    if (id.startsWith('group:')) {
      for (const email of await groupAddresses(policy, id.slice('group:'.length), emailOf)) found.add(email);
      continue;
    }
    if (id.startsWith('operator:')) {
      const operator = id.slice('operator:'.length);
      for (const group of Object.values(policy.groups)) {
        if (group.operators.includes(operator) && group.email !== undefined) found.add(group.email);
      }
      continue;
    }
    for (const email of await emailOf(id)) found.add(email);
  }
  return [...found];
}

async function groupAddresses(
  { groups }: Dependencies['policy'],
  name: string,
  emailOf: (id: string) => Promise<string[]>,
): Promise<string[]> {
  const group = groups[name];
  if (group === undefined) throw new Failure('misconfigured', `policy.yaml has no group ${name}`);
  if (group.email !== undefined) return [group.email];
  return (await Promise.all(group.people.map(emailOf))).flat();
}
