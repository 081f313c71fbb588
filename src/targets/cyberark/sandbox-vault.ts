import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';

const permissionsSchema = z.record(z.string(), z.boolean());
/** A member's rights in a safe, by the vendor's names: `useAccounts`, `listAccounts`, … */
export type Permissions = z.infer<typeof permissionsSchema>;

const userSchema = z.object({
  id: z.int(),
  username: z.string(),
  component: z.boolean(),
  enableUser: z.boolean(),
  suspended: z.boolean(),
  worker: z.string().nullable(),
  /** What the vendor shows only for one user at a time: description, addresses, personal details. */
  profile: z.record(z.string(), z.unknown()),
});
/** A user as the stand-in keeps it. */
export type VaultUser = z.infer<typeof userSchema>;

const sessionSchema = z.object({
  guid: z.string(),
  user: z.string(),
  safe: z.string(),
  machine: z.string(),
  accountUsername: z.string(),
});
/** A live session as the stand-in keeps it. */
export type VaultSession = z.infer<typeof sessionSchema>;

/** A member as it is sent, kept and shown. */
export const memberSchema = z.object({
  memberName: z.string().min(1),
  permissions: permissionsSchema,
  membershipExpirationDate: z.number().nullable().default(null),
});

const safeSchema = z.object({
  /** The name as it stands in an address: `SAP%20Basis`. */
  id: z.string(),
  name: z.string(),
  /** False: our user may see the safe and not its members (403). */
  readable: z.boolean(),
  members: z.array(memberSchema),
});
/** A safe as the stand-in keeps it. */
export type VaultSafe = z.infer<typeof safeSchema>;

/** Everything that the stand-in remembers over a restart; its tokens it forgets, as a restarted PVWA does. */
export const vaultSchema = z.object({
  users: z.array(userSchema),
  safes: z.array(safeSchema),
  /** Newest first. */
  sessions: z.array(sessionSchema),
  /** Sessions ever started; the last one's number. */
  started: z.int(),
  /** Users for whom a session will start as soon as one of theirs is ended: the race that `sessionRace` makes. */
  racing: z.array(z.string()),
  /** Lists of users say no status, as some versions' do. */
  briefLists: z.boolean(),
});
export type Vault = z.infer<typeof vaultSchema>;

/** A vault with nothing in it. */
export const emptyVault = (): Vault => ({
  users: [],
  safes: [],
  sessions: [],
  started: 0,
  racing: [],
  briefLists: false,
});

/** Starts a live session; the newest comes first, as the vendor lists them. */
export function startSession(vault: Vault, session: Omit<VaultSession, 'guid'>): void {
  vault.started += 1;
  const guid = `00000000-0000-4000-8000-${String(vault.started).padStart(12, '0')}`;
  vault.sessions.unshift({ guid, ...session });
}

/** The session that slips in while a user is being closed. */
export const startRacingSession = (vault: Vault, user: string): void =>
  startSession(vault, { user, safe: 'Linux-Root', machine: 'late01.globaltech.example', accountUsername: 'root' });

/** Notes an obeyed call on a user, with the worker it belongs to. */
export function noteCall(vault: Vault, tools: StandInTools, operation: string, username: string): void {
  const worker = vault.users.find((user) => sameName(user.username, username))?.worker ?? undefined;
  tools.called({ operation, subject: username, ...(worker === undefined ? {} : { worker }) });
}

/** User names are the same in any case. */
export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
