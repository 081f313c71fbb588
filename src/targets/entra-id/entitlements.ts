import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { AccountSeen, CallContext, EntitlementsAbility, Outcome } from '../target.ts';
import type { GraphClient } from './client.ts';
import { GraphError, title } from './failure.ts';
import { isGuid, type Settings } from './settings.ts';
import { directLicences, groupPrefix, isOurs, licencePrefix, whyNotOurs } from './users.ts';

/** Direct memberships of groups (`group:<object id>`) and licences assigned to the user itself (`licence:<skuId>`). */
export function entitlements(client: GraphClient, settings: Settings): EntitlementsAbility {
  const kindOf = (entitlement: string): { group: string } | { sku: string } => {
    const [group, sku] = [tail(entitlement, groupPrefix), tail(entitlement, licencePrefix)];
    if (group !== undefined && isGuid(group)) return { group };
    if (sku !== undefined && isGuid(sku)) {
      if (isOurs(settings, sku)) return { sku };
      throw new Failure('misconfigured', `${title}: Muster does not look after the licence ${sku}`, {
        advice: 'List it under "licences" in the settings of the target, or take it out of the policy.',
      });
    }
    throw new Failure('misconfigured', `"${entitlement}" is no group (group:<object id>) or licence (licence:<skuId>)`);
  };

  return {
    grant: async (account, entitlement, context) => {
      const one = kindOf(entitlement);
      return 'group' in one
        ? addToGroup(client, account.id, one.group, context)
        : assignLicence(client, account, one.sku, context);
    },
    revoke: async (account, entitlement, context) => {
      const one = kindOf(entitlement);
      return 'group' in one
        ? removeFromGroup(client, account.id, one.group, context)
        : removeLicence(client, account.id, one.sku, context);
    },
  };
}

async function addToGroup(client: GraphClient, user: string, group: string, context: CallContext): Promise<Outcome> {
  const memberships = await client.membershipsOf(user, context.signal);
  if (memberships?.some((one) => one.id === group)) return 'already';
  await context.beforeChange('add to group');
  try {
    await client.addMember(group, user, context.signal);
  } catch (error) {
    // The list of memberships lags behind; the group itself knows.
    if (error instanceof GraphError && /object references already exist/i.test(error.words)) return 'already';
    throw error;
  }
  return 'changed';
}

async function removeFromGroup(
  client: GraphClient,
  user: string,
  group: string,
  context: CallContext,
): Promise<Outcome> {
  const held = (await client.membershipsOf(user, context.signal))?.find((one) => one.id === group);
  if (held === undefined) return 'already';
  const why = whyNotOurs(held);
  if (why !== undefined) {
    throw new Failure('refused', `${title}: ${user} cannot be taken out of ${group}, a ${why}`, {
      advice: 'Change its rule, or remove the user where that membership is kept (Active Directory, Exchange).',
    });
  }
  await context.beforeChange('remove from group');
  return (await client.removeMember(group, user, context.signal)) ? 'changed' : 'already';
}

async function assignLicence(
  client: GraphClient,
  account: AccountSeen,
  sku: string,
  context: CallContext,
): Promise<Outcome> {
  const user = await client.user(account.id, context.signal);
  if (user === undefined) throw new Failure('not-found', `${title} has no user ${account.id} to give a licence to`);
  if (directLicences(user)[sku.toLowerCase()] !== undefined) return 'already';
  const before = z.record(z.string(), z.array(z.string())).catch({}).parse(account.before['licences']);
  const add = { skuId: sku, disabledPlans: before[sku.toLowerCase()] ?? [] };
  await context.beforeChange('assign licence');
  try {
    await client.assignLicence(user.id, { add }, context.signal);
  } catch (error) {
    throw withAdvice(error);
  }
  return 'changed';
}

async function removeLicence(client: GraphClient, id: string, sku: string, context: CallContext): Promise<Outcome> {
  const user = await client.user(id, context.signal);
  if (user === undefined || directLicences(user)[sku.toLowerCase()] === undefined) return 'already';
  await context.beforeChange('remove licence');
  await client.assignLicence(user.id, { remove: sku }, context.signal);
  return 'changed';
}

function withAdvice(error: unknown): unknown {
  if (!(error instanceof GraphError) || error.code !== 'refused') return error;
  const advice = /usage location/i.test(error.words)
    ? "Set the user's usageLocation, and usageLocation in the settings of the target for new users."
    : /available licenses/i.test(error.words)
      ? 'Buy or free a seat of this licence.'
      : error.advice;
  return new Failure('refused', error.message, { cause: error, ...(advice === undefined ? {} : { advice }) });
}

const tail = (text: string, prefix: string): string | undefined =>
  text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
