import { z } from 'zod';
import { httpUrl, pemText, secretReference } from '../targets/setting-types.ts';
import { callbackSettings } from './callback.ts';

/** Where the items of a certification are read, which its trigger does not name. */
export const certificationApi = z.strictObject({
  /** `https://globaltech.api.identitynow.com`. */
  baseUrl: httpUrl,
  version: z.enum(['v3', 'v2024', 'v2025']).default('v2025'),
  /** Of a personal access token with the scope `idn:certification:read`. */
  clientId: z.string().min(1),
  clientSecret: secretReference,
  ca: pemText.exactOptional(),
  timeoutMs: z.int().positive().default(20_000),
});
export type CertificationApi = z.infer<typeof certificationApi>;

const entitlement = z.strictObject({ target: z.string().min(1), entitlement: z.string().min(1) });

/** What becomes of somebody who enters a lifecycle state. */
const lifecycleMeanings = ['terminated', 'leave-started', 'leave-ended', 'active'] as const;

/** How a tenant's identities, access and lifecycle states are called. */
export const sailpointSettings = z.strictObject({
  ...callbackSettings,
  /** Which part of a reference to an identity is the worker id: its `name` (the user name) or its `id`. */
  workerId: z.enum(['name', 'id']).default('name'),
  /** Muster's names of attributes → the identity profile's, beside the usual ones; `workerId` and `lifecycleState` among them. */
  attributes: z.record(z.string().min(1), z.string().min(1)).default({}),
  /** Technical names of lifecycle states → what they mean, beside the usual ones. One that is not known asks a person. */
  lifecycleStates: z.record(z.string().min(1), z.enum(lifecycleMeanings)).default({}),
  /** Certifications are read back by this. */
  api: certificationApi.exactOptional(),
  /** Ids or names of roles, access profiles and entitlements → an id of policy's `requestable`, or a target's entitlement. */
  access: z.record(z.string().min(1), z.union([z.string().min(1), entitlement])).default({}),
});
export type SailpointSettings = z.infer<typeof sailpointSettings>;
