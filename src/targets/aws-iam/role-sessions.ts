import type { AccountSeen, CallContext, Outcome, SessionSeen, SessionsAbility } from '../target.ts';
import type { IamClient, IamUser } from './client.ts';
import { saysNoSuchEntity } from './failure.ts';
import type { Settings } from './settings.ts';
import { closedAtTag } from './tags.ts';
import type { Users } from './users.ts';

/** The longest life that AWS gives a role session. */
const longestSessionMs = 12 * 3_600_000;

/** IAM is eventually consistent: a role can still be taken on for a moment after the user was denied. */
const settlingMs = 5 * 60_000;

/** One deny of a user's sessions at a role: `LeaverDenySessions.AIDA….1763217000000`, by the milliseconds of its moment. */
interface SessionDeny {
  policyName: string;
  userId: string;
  at: number;
}

/**
 * Role sessions of a person. A deny-all on the user does not reach them, and AWS lists none; so a session stands here
 * for "this person may hold one at this role", and ending it denies, at the role, all that were issued to the person so far.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
 */
export class RoleSessions implements SessionsAbility {
  readonly residualMs?: number;
  readonly #client: IamClient;
  readonly #users: Users;
  readonly #settings: Settings;

  constructor(client: IamClient, users: Users, settings: Settings) {
    this.#client = client;
    this.#users = users;
    this.#settings = settings;
    if (settings.residualHours > 0) this.residualMs = settings.residualHours * 3_600_000;
  }

  async list(account: AccountSeen, context: CallContext): Promise<SessionSeen[]> {
    if (this.#settings.roleNames.length === 0) return [];
    const user = await this.#users.locate(account.id, context.signal, account.name);
    // Of a user that is gone the name is not known, and sessions are denied by name.
    if (user === undefined && account.name === account.id) return [];
    const closedAt = closedAtOf(user);
    const now = Date.parse(context.now);
    if (closedAt !== undefined && now - closedAt > longestSessionMs + settlingMs) return [];
    const roles = await Promise.all(
      this.#settings.roleNames.map(async (role) => {
        const denies = await this.#deniesAt(role, context.signal);
        const ended = denies?.some((one) => covers(one, account.id, closedAt, now)) ?? true;
        return ended ? [] : [{ id: role, kind: 'roleSession' }];
      }),
    );
    return roles.flat();
  }

  async end(account: AccountSeen, session: SessionSeen, context: CallContext): Promise<Outcome> {
    const user = await this.#users.locate(account.id, context.signal, account.name);
    const denies = await this.#deniesAt(session.id, context.signal);
    if (denies === undefined) return 'already';
    const closedAt = closedAtOf(user);
    if (denies.some((one) => covers(one, account.id, closedAt, Date.parse(context.now)))) return 'already';
    await this.#deleteOldDenies(session.id, denies, context);
    return this.#denySessions(session.id, user?.userName ?? account.name, account.id, context);
  }

  async #denySessions(RoleName: string, userName: string, userId: string, context: CallContext): Promise<Outcome> {
    const at = Date.parse(context.now);
    const names = this.#settings.roleSessionNames.map((pattern) => `*:${pattern.replace('{userName}', userName)}`);
    const statement = {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: {
        StringLike: { 'aws:userId': names },
        DateLessThan: { 'aws:TokenIssueTime': new Date(at + settlingMs).toISOString() },
      },
    };
    return this.#client.change('PutRolePolicy', context, (iam, options) =>
      iam.putRolePolicy(
        {
          RoleName,
          PolicyName: policyNameOf(userId, at),
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
        },
        options,
      ),
    );
  }

  /** Denies whose every session has run out by now; a role's policies have a quota. */
  async #deleteOldDenies(RoleName: string, denies: SessionDeny[], context: CallContext): Promise<void> {
    const old = denies.filter(({ at }) => Date.parse(context.now) - at > longestSessionMs + settlingMs);
    for (const { policyName } of old) {
      await this.#client.changeIfThere('DeleteRolePolicy', context, (iam, options) =>
        iam.deleteRolePolicy({ RoleName, PolicyName: policyName }, options),
      );
    }
  }

  /** The denies at a role; undefined where the role is gone, and every session at it with it. */
  async #deniesAt(RoleName: string, signal: AbortSignal): Promise<SessionDeny[] | undefined> {
    try {
      const names = await this.#client.list(
        'ListRolePolicies',
        signal,
        (iam, page, options) => iam.listRolePolicies({ RoleName, ...page }, options),
        (answer) => answer.PolicyNames,
      );
      return names.flatMap((name) => toDeny(name) ?? []);
    } catch (error) {
      if (saysNoSuchEntity(error)) return undefined;
      throw error;
    }
  }
}

/** For a closed user a deny since then is enough; for an open one, only a deny that is still in force for new sessions. */
function covers(deny: SessionDeny, userId: string, closedAt: number | undefined, now: number): boolean {
  if (deny.userId !== userId) return false;
  return deny.at + settlingMs >= now || (closedAt !== undefined && deny.at >= closedAt);
}

function closedAtOf(user: IamUser | undefined): number | undefined {
  const at = Date.parse(user?.tags.get(closedAtTag) ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function policyNameOf(userId: string, at: number): string {
  return `LeaverDenySessions.${userId}.${at}`;
}

function toDeny(policyName: string): SessionDeny | undefined {
  const match = /^LeaverDenySessions\.(\w+)\.(\d+)$/.exec(policyName);
  return match === null ? undefined : { policyName, userId: match[1] ?? '', at: Number(match[2]) };
}
