import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';

const userSchema = z.object({
  id: z.string(),
  worker: z.string().optional(),
  version: z.int(),
  /** As it was given, without what the server writes itself. */
  resource: z.looseObject({
    userName: z.string(),
    externalId: z.string().optional(),
    active: z.boolean(),
  }),
});
const groupSchema = z.object({
  id: z.string(),
  version: z.int(),
  displayName: z.string(),
  members: z.array(z.string()),
});

/** Everything the stand-in holds. */
export const directorySchema = z.object({ users: z.array(userSchema), groups: z.array(groupSchema) });
export type Directory = z.infer<typeof directorySchema>;
export type HeldUser = z.infer<typeof userSchema>;
export type HeldGroup = z.infer<typeof groupSchema>;

/** An id made from a name, the same every time. */
export const idOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);

export const emptyDirectory = (): Directory => ({ users: [], groups: [] });

/** Groups that are there before anybody is. */
export const groupsOfEverybody: readonly string[] = ['Everybody', 'First week'];

/** GlobalTech's onboarding portal: a user for each person, a second one for each privileged person, and groups of them. */
export function seededDirectory(people: readonly SeedPerson[]): Directory {
  const directory = emptyDirectory();
  for (const name of groupsOfEverybody) groupNamed(directory, name);
  for (const person of people) {
    const user = addUser(directory, person, person.email, person.workerId);
    for (const name of [...groupsOfEverybody, person.department]) groupNamed(directory, name).members.push(user.id);
    if (!person.privileged) continue;
    // The portal holds one externalId for one user, so this one is known by its name alone.
    const admin = addUser(directory, person, `adm-${person.email}`);
    groupNamed(directory, 'Portal administrators').members.push(admin.id);
  }
  return directory;
}

function groupNamed(directory: Directory, displayName: string): HeldGroup {
  const there = directory.groups.find((group) => group.displayName === displayName);
  if (there !== undefined) return there;
  const group = { id: idOf(`group ${displayName}`), version: 1, displayName, members: [] };
  directory.groups.push(group);
  return group;
}

function addUser(directory: Directory, person: SeedPerson, userName: string, externalId?: string): HeldUser {
  const user: HeldUser = {
    id: idOf(`user ${userName}`),
    worker: person.workerId,
    version: 1,
    resource: {
      userName,
      ...(externalId === undefined ? {} : { externalId }),
      name: { givenName: person.firstName, familyName: person.lastName },
      emails: [{ value: person.email, type: 'work', primary: true }],
      title: person.jobTitle,
      active: true,
    },
  };
  directory.users.push(user);
  return user;
}

/** Each user, as `GET /state` lists accounts. */
export const accountsOf = (directory: Directory): Record<string, unknown>[] =>
  directory.users.map((user) => ({
    id: user.id,
    name: user.resource.userName,
    worker: user.worker ?? user.resource.externalId,
    enabled: user.resource.active,
    entitlements: directory.groups.filter((group) => group.members.includes(user.id)).map((group) => group.id),
    sessions: [],
    resource: user.resource,
  }));
