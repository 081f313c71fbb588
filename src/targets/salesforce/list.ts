import { z } from 'zod';
import type { CallContext, ListedAccount } from '../target.ts';
import type { SalesforceClient } from './client.ts';
import type { Settings } from './settings.ts';
import { accountOf, assignmentsOf, userSchema, withLogins } from './users.ts';

/** Users looked up together: their ids stand in one address, which may have 16,000 characters. */
const together = 200;

const listedSchema = userSchema.extend({
  FederationIdentifier: z.string().nullish(),
  EmployeeNumber: z.string().nullish(),
  Email: z.string().nullish(),
});

const fields = 'Id, Username, IsActive, ProfileId, Profile.Name, FederationIdentifier, EmployeeNumber, Email';

/** All users of the organisation's own people; those of portals and communities are customers. */
export async function* listUsers(
  client: SalesforceClient,
  settings: Settings,
  { signal }: CallContext,
): AsyncGenerator<ListedAccount[]> {
  const soql = `SELECT ${fields} FROM User WHERE UserType = 'Standard'`;
  for await (const page of client.pages(listedSchema, soql, signal)) {
    for (let at = 0; at < page.length; at += together) {
      const records = page.slice(at, at + together);
      const users = await withLogins(client, records, signal);
      const ids = users.map(({ id }) => id);
      const assignments = await assignmentsOf(client, ids, signal);
      yield users.map((user, index) => {
        const account = accountOf(user, assignments, settings);
        const { FederationIdentifier, EmployeeNumber, Email } = records[index] ?? {};
        const workerId = FederationIdentifier || EmployeeNumber;
        return {
          ...account,
          ...(workerId ? { workerId } : {}),
          ...(Email ? { email: Email } : {}),
          privileged:
            account.kind === 'admin' ||
            account.entitlements.some((held) => settings.privilegedPermissionSets.includes(held)),
        };
      });
    }
  }
}
