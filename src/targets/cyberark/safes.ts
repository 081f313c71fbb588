import { z } from 'zod';
import { Failure, type FailureCode } from '../../model/failure.ts';
import type { EntitlementsAbility } from '../target.ts';
import type { CyberArkClient } from './client.ts';
import type { Settings } from './settings.ts';

/** Safes read side by side while the list is made. */
const parallel = 8;

const membershipSchema = z.object({
  permissions: z.record(z.string(), z.boolean()),
  membershipExpirationDate: z.number().nullable(),
});
type Membership = z.infer<typeof membershipSchema>;

const beforeSchema = z.object({ safes: z.record(z.string(), membershipSchema) });

/** What a user holds: memberships by safe, and the safes whose members Muster may not see. */
export interface Held {
  safes: Record<string, Membership>;
  unreadableSafes?: string[];
}

interface List {
  /** By user name in lower case, then by safe. */
  safesOf: Map<string, Map<string, Membership>>;
  unreadable: Set<string>;
  /** Something could not be read now that may be readable in a moment: not to be kept. */
  incomplete: boolean;
  /** How many safes there are. */
  safes: number;
}

/**
 * The API has no "safes of this user": every safe must be asked. So a list of who is in which safe is kept for a minute,
 * and says where to look; what is there is read live, so that a membership that was just removed is seen to be gone.
 */
export class SafeMemberships {
  readonly #client: CyberArkClient;
  readonly #maxAgeMs: number;
  readonly #clock: () => number;
  #making: Promise<List> | undefined;
  #madeAt = 0;

  constructor(client: CyberArkClient, maxAgeMs: number, clock: () => number) {
    this.#client = client;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** The user's memberships now, and what they may do in each safe. */
  async of(username: string, signal: AbortSignal): Promise<Held> {
    const { safesOf, unreadable } = await this.#list(signal);
    const listed = [...(safesOf.get(username.toLowerCase()) ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
    const looked = await Promise.all(
      listed.map(async ([safe, known]) => {
        const member = await unlessUnreadable(this.#client.safeMember(safe, username, signal), () => known);
        return member === undefined ? [] : [[safe, membershipOf(member)] as const];
      }),
    );
    return heldOf(looked.flat(), unreadable);
  }

  /** As `of`, from the list alone: for a look at all users, which reads nothing live. */
  async listed(username: string, signal: AbortSignal): Promise<Held> {
    const { safesOf, unreadable } = await this.#list(signal);
    const listed = [...(safesOf.get(username.toLowerCase()) ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
    return heldOf(listed, unreadable);
  }

  /** How many safes there are, and which of them are closed to Muster, for `muster doctor`. */
  async describe(signal: AbortSignal): Promise<string> {
    const { safes, unreadable } = await this.#list(signal);
    if (unreadable.size === 0) return `${safes} safes`;
    return `${safes} safes, and Muster may not see the members of ${[...unreadable].sort().join(', ')}`;
  }

  /** A membership that was just made, so that it is looked for from now on. */
  async note(username: string, safe: string, membership: Membership): Promise<void> {
    const list = await this.#making?.catch(() => undefined);
    if (list !== undefined) noteIn(list, username, safe, membership);
  }

  async #list(signal: AbortSignal): Promise<List> {
    if (this.#making !== undefined && this.#clock() < this.#madeAt + this.#maxAgeMs) {
      try {
        return await this.#making;
      } catch (error) {
        // Whoever began was aborted; that is no reason for those who only waited to fail with it.
        if (signal.aborted || !(error instanceof Failure) || error.code !== 'timeout') throw error;
      }
    }
    const making = this.#make(signal);
    this.#making = making;
    this.#madeAt = this.#clock();
    const forget = () => {
      if (this.#making === making) this.#making = undefined;
    };
    making.then((list) => list.incomplete && forget(), forget);
    return making;
  }

  async #make(signal: AbortSignal): Promise<List> {
    const list: List = { safesOf: new Map(), unreadable: new Set(), incomplete: false, safes: 0 };
    const readable = <T>(what: string, reading: Promise<T[] | undefined>) =>
      unlessUnreadable(reading, (code) => {
        list.unreadable.add(what);
        list.incomplete ||= code !== 'refused';
        return [];
      });
    const safes = (await readable('all', this.#client.safes(signal))) ?? [];
    list.safes = safes.length;
    const readNext = async (): Promise<void> => {
      for (let safe = safes.pop(); safe !== undefined; safe = safes.pop()) {
        const members = (await readable(safe, this.#client.safeMembers(safe, signal))) ?? [];
        for (const member of members) {
          if (member.memberType === 'User') noteIn(list, member.memberName, safe, membershipOf(member));
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, readNext));
    return list;
  }
}

/** Safe memberships as entitlements; an entitlement's id is the safe's. */
export function safesAbility(
  client: CyberArkClient,
  settings: Settings,
  memberships: SafeMemberships,
): EntitlementsAbility {
  return {
    async grant(account, safe, context) {
      if ((await client.safeMember(safe, account.name, context.signal)) !== undefined) return 'already';
      const recorded = beforeSchema.safeParse(account.before).data?.safes[safe];
      const membership = recorded ?? { permissions: settings.memberPermissions, membershipExpirationDate: null };
      await context.beforeChange('add safe member');
      const member = { memberName: account.name, memberType: 'User', ...membership };
      const added = await client.addSafeMember(safe, member, context.signal);
      await memberships.note(account.name, safe, membership);
      return added ? 'changed' : 'already';
    },

    async revoke(account, safe, context) {
      if ((await client.safeMember(safe, account.name, context.signal)) === undefined) return 'already';
      await context.beforeChange('remove safe member');
      return (await client.removeSafeMember(safe, account.name, context.signal)) ? 'changed' : 'already';
    },
  };
}

const heldOf = (safes: (readonly [string, Membership])[], unreadable: ReadonlySet<string>): Held => ({
  safes: Object.fromEntries(safes),
  ...(unreadable.size === 0 ? {} : { unreadableSafes: [...unreadable].sort() }),
});

function noteIn(list: List, username: string, safe: string, membership: Membership): void {
  const name = username.toLowerCase();
  list.safesOf.set(name, (list.safesOf.get(name) ?? new Map<string, Membership>()).set(safe, membership));
}

const membershipOf = ({ permissions, membershipExpirationDate }: Membership): Membership => ({
  permissions,
  membershipExpirationDate,
});

/** A safe that cannot be read (closed to Muster, broken) must not keep its users open, nor pass for one they have left. */
async function unlessUnreadable<T>(reading: Promise<T>, instead: (code: FailureCode) => T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof Failure) || !['refused', 'unavailable', 'protocol'].includes(error.code)) throw error;
    return instead(error.code);
  }
}
