import { Failure } from '../src/model/failure.ts';
import type { Person } from '../src/model/person.ts';
import type { StepWork } from '../src/model/work.ts';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { AccountSeen, CallContext } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';
import { addressesOf } from './send-message.ts';

/**
 * Makes the first credential and hands it over in one breath: it is in the target, in the message to who may have it, and
 * nowhere else. A repeat makes a new one, which replaces the one before.
 */
export async function handOverCredential(
  dependencies: Dependencies,
  connected: ConnectedTarget,
  person: Person,
  account: AccountSeen,
  work: StepWork,
  context: CallContext,
): Promise<void> {
  const { credentials } = connected.target;
  const settings = dependencies.policy.hires.credential;
  if (settings === undefined || credentials === undefined) {
    throw new Failure('misconfigured', `${connected.title} makes no first credentials, and policy.yaml asks for one`);
  }
  const via = dependencies.targets.get(settings.via);
  if (via?.target.messages === undefined) {
    throw new Failure('misconfigured', `hires.credential.via: ${settings.via} takes no messages`);
  }
  const to = await addressesOf(dependencies, person, settings.to, work.now);
  if (to.length === 0) {
    throw new Failure(
      'refused',
      `nobody may be given the first credential of ${person.id}: no ${settings.to} has an address`,
      {
        advice: 'Name a manager who is there, or another receiver in policy.yaml.',
      },
    );
  }
  const validFrom = person.pending.find(({ kind }) => kind === 'start')?.dueAt ?? work.now;
  const { kind, secret, expiresAt } = await credentials.issue(
    account,
    { validFrom, lifetimeMinutes: Math.round(settings.lifetime / 60_000) },
    context,
  );
  for (const email of to) {
    await via.target.messages.send(
      {
        // A repeat carries another secret, so it is another message.
        correlationId: `${work.event}/credential/${expiresAt}/${email}`,
        to: { email },
        title: `First sign-in of ${person.id}`,
        text: `${person.name} (${person.id}) signs in for the first time in ${connected.title} as ${account.name} with this ${kind === 'link' ? 'link' : 'one-time credential'}:\n\n${secret}\n\nIt works from ${validFrom} until ${expiresAt}, once. Give it to them in person or by telephone.`,
      },
      { ...context, beforeChange: async () => {} },
    );
  }
}
