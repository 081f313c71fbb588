import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { httpUrl, pemText, secretReference } from '../setting-types.ts';

/** A public or private channel's id; a name may pass to another channel, an id never does. */
const channelId = z.string().regex(/^[CG][A-Z0-9]{6,20}$/, 'must be the id of a channel, such as "C0123456789"');

/** What `muster.yaml` says about a Slack workspace; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** The Web API. Another one for GovSlack: `https://slack-gov.com/api`. */
  baseUrl: httpUrl.default('https://slack.com/api'),
  /** The app's bot token, `xoxb-…`. */
  token: secretReference,
  /** Ids by the names that policy uses: `"#identity-security": C0123456789`. */
  channels: z.record(z.string().min(1), channelId).default({}),
  /** How many of a conversation's newest messages are looked through for a repeat before one is sent; 0 does not look. */
  lookBack: z.int().min(0).max(1_000).default(100),
  /** PEM of the authority that signed the certificate, where it is not a public one. */
  ca: pemText.exactOptional(),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** The id of a channel by the name that policy uses, or by itself. */
export function channelOf({ channels }: Settings, name: string): string {
  const id = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (id !== undefined) return id;
  if (channelId.safeParse(name).success) return name;
  throw new Failure('misconfigured', `Slack: no id is set for the channel "${name}"`, {
    advice: `Set it under "channels" in the target's settings; it has ${Object.keys(channels).join(', ') || 'none'}.`,
  });
}
