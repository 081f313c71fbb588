import { z } from 'zod';

/** A user as CyberArk shows it; what else it says is kept, for the PUT of older versions. */
export const userSchema = z.looseObject({
  id: z.int(),
  username: z.string(),
  componentUser: z.boolean().exactOptional(),
  /** Lists of some versions leave it out. */
  enableUser: z.boolean().exactOptional(),
  suspended: z.boolean().exactOptional(),
});
export type User = z.infer<typeof userSchema>;

export const usersSchema = z.object({ Users: z.array(userSchema), Total: z.number() });

const sessionSchema = z.object({ SessionGuid: z.string(), User: z.string(), IsLive: z.boolean().default(true) });
/** A privileged session that runs now. */
export type LiveSession = z.infer<typeof sessionSchema>;

export const sessionsSchema = z.object({ LiveSessions: z.array(sessionSchema), Total: z.number() });

export const safeSchema = z.object({ safeUrlId: z.string() });

export const memberSchema = z.object({
  safeUrlId: z.string(),
  memberName: z.string(),
  memberType: z.string().default('User'),
  permissions: z.record(z.string(), z.boolean()),
  membershipExpirationDate: z.number().nullable().default(null),
});
/** Somebody's membership of a safe, with what they may do there. */
export type SafeMember = z.infer<typeof memberSchema>;

/** A page of safes or members. */
export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({ value: z.array(item), count: z.number().default(0), nextLink: z.string().nullish() });

export const platformTokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });
