import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { pemText, secretReference } from '../setting-types.ts';

/** What `muster.yaml` says about channels in Microsoft Teams; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** References to the workflows' addresses, by the names that policy uses. The address is the key: whoever has it can post. */
  channels: z
    .record(z.string().min(1), secretReference)
    .refine((channels) => Object.keys(channels).length > 0, 'needs at least one channel'),
  /** PEM of the authority that signed the certificate, where it is not a public one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** The reference to the address of a channel's workflow. */
export function referenceOf({ channels }: Settings, name: string): string {
  const found = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (found !== undefined) return found;
  throw new Failure('misconfigured', `Microsoft Teams: no workflow is set for the channel "${name}"`, {
    advice: `Set it under "channels" in the target's settings; it has ${Object.keys(channels).join(', ')}.`,
  });
}
