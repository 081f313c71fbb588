import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import type { EntitlementsAbility, SessionsAbility } from '../target.ts';
import { quoted, type SalesforceClient, SalesforceError } from './client.ts';
import { assignmentsOf, isUserId } from './users.ts';

const sessionSchema = z.object({ Id: z.string(), SessionType: z.string().nullish() });

/** Permission sets (`0PS…`) and permission set groups (`0PG…`), by assignment records. */
export function entitlements(client: SalesforceClient): EntitlementsAbility {
  const held = async (user: string, entitlement: string, signal: AbortSignal) =>
    isUserId(user)
      ? (await assignmentsOf(client, [user], signal)).filter((one) => one.entitlement === entitlement)
      : [];

  return {
    grant: async (account, entitlement, context) => {
      const group = entitlement.startsWith('0PG');
      if (!group && !entitlement.startsWith('0PS')) {
        throw new Failure(
          'misconfigured',
          `"${entitlement}" is no permission set (0PS…) or permission set group (0PG…)`,
        );
      }
      if ((await held(account.id, entitlement, context.signal)).length > 0) return 'already';
      await context.beforeChange('assign permission set');
      try {
        await client.create(
          'PermissionSetAssignment',
          { AssigneeId: account.id, [group ? 'PermissionSetGroupId' : 'PermissionSetId']: entitlement },
          context.signal,
        );
      } catch (error) {
        if (error instanceof SalesforceError && error.errorCode === 'DUPLICATE_VALUE') return 'already';
        throw error;
      }
      return 'changed';
    },

    revoke: async (account, entitlement, context) => {
      let removed = false;
      for (const assignment of await held(account.id, entitlement, context.signal)) {
        await context.beforeChange('remove permission set');
        if (await client.remove('PermissionSetAssignment', assignment.id, context.signal)) removed = true;
      }
      return removed ? 'changed' : 'already';
    },
  };
}

/** Live sessions of every kind (browser, API, mobile), which outlast a freeze. */
export function sessions(client: SalesforceClient): SessionsAbility {
  const live = (user: string, signal: AbortSignal) =>
    client.query(sessionSchema, `SELECT Id, SessionType FROM AuthSession WHERE UsersId = ${quoted(user)}`, signal);

  return {
    list: async (account, context) =>
      isUserId(account.id)
        ? (await live(account.id, context.signal)).map((session) => ({
            id: session.Id,
            kind: session.SessionType ?? 'session',
          }))
        : [],

    end: async (account, session, context) => {
      if (!(await live(account.id, context.signal)).some((one) => one.Id === session.id)) return 'already';
      await context.beforeChange('end session');
      return (await client.remove('AuthSession', session.id, context.signal)) ? 'changed' : 'already';
    },
  };
}
