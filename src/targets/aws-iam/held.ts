import { z } from 'zod';

const credential = z.object({ id: z.string(), active: z.boolean() });

/** A credential as a user holds it; for a console password or an MFA device, being there is being active. */
export type Credential = z.infer<typeof credential>;

const credentials = z.array(credential).default([]);

/** What a user held before it was closed: `AccountSeen.before`, and what `enable` brings back. Ids and switches, no secrets. */
export const heldSchema = z.object({
  /** The deny-all policy was in place. */
  denied: z.boolean().default(false),
  accessKeys: credentials,
  loginProfile: credentials,
  mfaDevices: credentials,
  sshKeys: credentials,
  serviceCredentials: credentials,
  certificates: credentials,
});

export type Held = z.infer<typeof heldSchema>;

/** The ways in that a user can have, in the order in which they are closed. */
export const wayNames = [
  'accessKeys',
  'loginProfile',
  'mfaDevices',
  'sshKeys',
  'serviceCredentials',
  'certificates',
] as const;

export type WayName = (typeof wayNames)[number];

/** Closed means: denied, and nothing left that could sign in. An MFA device alone lets nobody in. */
export function isClosed(held: Held): boolean {
  const open = wayNames.some((name) => name !== 'mfaDevices' && held[name].some(({ active }) => active));
  return held.denied && !open;
}
