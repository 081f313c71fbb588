import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { changesOf } from '../attribute-changes.ts';
import type { AccountAttributes, AccountSeen, CallContext, Outcome } from '../target.ts';
import { quoted, type SalesforceClient } from './client.ts';
import type { Settings } from './settings.ts';
import { isUserId } from './users.ts';

const fields = {
  firstName: 'FirstName',
  lastName: 'LastName',
  department: 'Department',
  jobTitle: 'Title',
} as const;

const text = z.string().nullish();
const heldSchema = z.object({ FirstName: text, LastName: text, Department: text, Title: text });

/** Writes what differs, in one call. Salesforce makes the display name itself, and takes no user without a last name. */
export async function updateUser(
  client: SalesforceClient,
  settings: Settings,
  { id }: AccountSeen,
  attributes: AccountAttributes,
  context: CallContext,
): Promise<Outcome> {
  const soql = `SELECT ${Object.values(fields).join(', ')} FROM User WHERE Id = ${quoted(id)}`;
  const held = isUserId(id) ? (await client.query(heldSchema, soql, context.signal))[0] : undefined;
  if (held === undefined) throw new Failure('not-found', `Salesforce has no user ${id} to change`);
  const values = new Map(Object.entries(held));
  const changes = changesOf(attributes, {
    fields,
    held: (field) => values.get(field),
    managed: settings.managedAttributes,
  });
  if (changes['LastName'] === null) delete changes['LastName'];
  if (Object.keys(changes).length === 0) return 'already';
  await context.beforeChange('update user');
  await client.update('User', id, changes, context.signal);
  return 'changed';
}
