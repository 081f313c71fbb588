import { z } from 'zod';
import { sideBySide } from '../side-by-side.ts';
import type { CallContext, ListedAccount } from '../target.ts';
import { accountOf, heldGroups } from './accounts.ts';
import type { ScimClient, User } from './client.ts';
import type { Settings } from './settings.ts';

/** Groups searched side by side, where that costs a call for each user. */
const parallel = 4;

const emailsSchema = z.array(z.looseObject({ value: z.string(), primary: z.unknown() }));

/** All users with their groups. Where groups are walked, that is done once for all users. */
export async function* listUsers(
  client: ScimClient,
  settings: Settings,
  { signal }: CallContext,
): AsyncGenerator<ListedAccount[]> {
  const walked = settings.groups === 'walk' ? await client.groupsOfAll(signal) : undefined;
  for await (const page of client.userPages(signal)) {
    yield await sideBySide(page, parallel, async (user) => {
      const groups = walked === undefined ? await heldGroups(client, settings, user, signal) : walked.get(user.id);
      return listed(settings, user, groups ?? []);
    });
  }
}

function listed(settings: Settings, user: User, groups: readonly string[]): ListedAccount {
  const account = accountOf(settings, user, groups);
  const email = emailOf(user);
  return {
    ...account,
    ...(user.externalId ? { workerId: user.externalId } : {}),
    ...(email === undefined ? {} : { email }),
    privileged: account.kind === 'admin' || groups.some((group) => settings.privilegedGroups.includes(group)),
  };
}

function emailOf(user: User): string | undefined {
  const emails = emailsSchema.catch([]).parse(user['emails']);
  return (emails.find(({ primary }) => String(primary).toLowerCase() === 'true') ?? emails[0])?.value;
}
