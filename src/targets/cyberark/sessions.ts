import type { SessionsAbility } from '../target.ts';
import type { CyberArkClient } from './client.ts';
import { searchable } from './users.ts';

/** Live privileged sessions (PSM). Disabling a user ends none, and one can start until the user is disabled: disable first. */
export function sessionsAbility(client: CyberArkClient): SessionsAbility {
  return {
    async list({ name }, { signal }) {
      const text = searchable(name);
      const sessions = await client.liveSessions(text === '' ? undefined : text, signal);
      // The search means "contains", in any property: an account of the same name used by somebody else is found too.
      const own = sessions.filter(({ User, IsLive }) => IsLive && User.toLowerCase() === name.toLowerCase());
      return [...new Set(own.map(({ SessionGuid }) => SessionGuid))].map((id) => ({ id, kind: 'psm' }));
    },

    async end(_account, { id }, context) {
      await context.beforeChange('terminate session');
      return (await client.terminateSession(id, context.signal)) ? 'changed' : 'already';
    },
  };
}
