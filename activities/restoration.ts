import { z } from 'zod';
import type { Transaction } from '../src/directory/store.ts';
import type { Grant } from '../src/model/grant.ts';
import {
  type AccountKind,
  accountKinds,
  type Engagement,
  type Person,
  personalKinds,
  personStates,
} from '../src/model/person.ts';
import type { AccountSeen } from '../src/targets/target.ts';

/** What an event took from somebody and was recorded before it did, as far as it is not there again. */
export interface Restoration {
  /** The event that is undone. */
  event: string;
  accounts: { target: string; account: string; kind: AccountKind; enable: boolean; entitlements: string[] }[];
  /** Accounts that are gone for good. */
  lost: { target: string; account: string }[];
  /** It ended their access altogether: how they were before. */
  end?: { state: 'Active' | 'OnLeave' | 'Suspended'; engagement?: Engagement; grants: Grant[] };
}

const seenSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(accountKinds),
  status: z.enum(['enabled', 'disabled', 'absent']),
  entitlements: z.array(z.string()),
  before: z.record(z.string(), z.unknown()),
});

/** An account as it was kept before an event; undefined where what was kept is none. */
export const readSeen = (state: unknown): AccountSeen | undefined => seenSchema.safeParse(state).data;

/** What would have to come back so that it is as it was, by what was recorded and what the directory knows. */
export async function restorationOf(tx: Transaction, person: Person, event: string): Promise<Restoration> {
  const pieces = await evidenceOf(tx, event);
  const end = endOf(person, event, pieces);
  const took = end === undefined ? takenBy(pieces) : undefined;
  const restoration: Restoration = { event, accounts: [], lost: [], ...(end === undefined ? {} : { end }) };
  for (const { target, state } of await tx.before(event)) {
    const was = readSeen(state);
    if (was === undefined || !personalKinds.has(was.kind) || was.status === 'absent') continue;
    const account = person.accounts.find((each) => each.target === target && each.id === was.id);
    if (account?.status === 'absent') {
      restoration.lost.push({ target, account: was.id });
      continue;
    }
    if (account?.managedBy !== undefined) continue;
    const has = new Set(account?.entitlements);
    const mine = (what: string) => took === undefined || took.has(what);
    const enable = was.status === 'enabled' && account?.status !== 'enabled' && mine(`${target}`);
    const entitlements = was.entitlements.filter((each) => !has.has(each) && mine(`${target}/${each}`)).sort();
    if (enable || entitlements.length > 0)
      restoration.accounts.push({ target, account: was.id, kind: was.kind, enable, entitlements });
  }
  restoration.accounts.sort((one, other) =>
    `${one.target}/${one.account}` < `${other.target}/${other.account}` ? -1 : 1,
  );
  return restoration;
}

interface Piece {
  kind: string;
  target?: string;
  data: Record<string, unknown>;
}

async function evidenceOf(tx: Transaction, event: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let cursor: string | undefined;
  do {
    const page = await tx.evidence({ event }, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    pieces.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return pieces;
}

const changesSchema = z.array(z.object({ id: z.string(), action: z.string(), outcome: z.string() }));

/** What changes of an event really took, and nothing that others took before or after it: `target` closed, `target/entitlement` revoked. */
function takenBy(pieces: Piece[]): Set<string> {
  const took = new Set<string>();
  for (const { kind, target, data } of pieces) {
    if (kind !== 'access-changed' || target === undefined) continue;
    for (const { id, action, outcome } of changesSchema.safeParse(data['changes']).data ?? []) {
      if (outcome !== 'changed') continue;
      if (action === 'disable') took.add(target);
      if (action === 'revoke') took.add(`${target}/${id.slice(`revoke:${target}:`.length)}`);
    }
  }
  return took;
}

const grantSchema = z.object({
  target: z.string(),
  entitlement: z.string(),
  origin: z.enum(['requested', 'adopted', 'grace', 'exception']),
  until: z.string().exactOptional(),
  event: z.string(),
  because: z.string(),
  privileged: z.boolean(),
  approval: z.string().exactOptional(),
  at: z.string(),
});

const begunSchema = z.object({
  was: z.object({
    state: z.enum(personStates),
    engagement: z.string().nullable(),
    endDate: z.string().nullable(),
    grants: z.array(grantSchema),
  }),
});

/** How they were before an event ended their access; undefined where it did not, or where another end came since. */
function endOf(person: Person, event: string, pieces: Piece[]): Restoration['end'] {
  const begun = pieces
    .filter(({ kind }) => kind === 'end-begun')
    .flatMap(({ data }) => begunSchema.safeParse(data).data ?? [])
    .find(({ was }) => was.state !== 'Terminating' && was.state !== 'Terminated');
  if (begun === undefined) return undefined;
  const { state, engagement: id, endDate, grants } = begun.was;
  const engagement = person.engagements.find((each) => each.id === id);
  // Somebody who left again later left by that.
  if (engagement !== undefined && engagement.end?.event !== event) return undefined;
  const restored = engagement === undefined ? undefined : withoutEnd(engagement, endDate);
  return {
    state: state === 'OnLeave' || state === 'Suspended' ? state : 'Active',
    ...(restored === undefined ? {} : { engagement: restored }),
    grants,
  };
}

function withoutEnd({ end: _, endDate: __, ...engagement }: Engagement, endDate: string | null): Engagement {
  return endDate === null ? engagement : { ...engagement, endDate };
}
