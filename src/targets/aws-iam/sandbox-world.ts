import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';

const statusHeld = z.object({ id: z.string(), status: z.enum(['Active', 'Inactive']) });

const userSchema = z.object({
  userName: z.string(),
  userId: z.string(),
  tags: z.record(z.string(), z.string()),
  /** Inline policies by name, as JSON text. */
  policies: z.record(z.string(), z.string()),
  attached: z.array(z.string()),
  groups: z.array(z.string()),
  accessKeys: z.array(statusHeld),
  loginProfile: z.object({ passwordResetRequired: z.boolean() }).nullable(),
  mfaDevices: z.array(z.string()),
  sshKeys: z.array(statusHeld),
  serviceCredentials: z.array(statusHeld),
  certificates: z.array(statusHeld),
});

/** A user of the stand-in. */
export type SandboxUser = z.infer<typeof userSchema>;

export const worldSchema = z.object({
  users: z.array(userSchema),
  groups: z.array(z.string()),
  /** ARNs of managed policies. */
  policies: z.array(z.string()),
  roles: z.array(z.object({ name: z.string(), policies: z.record(z.string(), z.string()) })),
  /** Serial numbers of virtual MFA devices that nobody uses. */
  unassignedDevices: z.array(z.string()),
  roleSessions: z.array(z.object({ role: z.string(), name: z.string(), issuedAt: z.string() })),
});

/** Everything that the stand-in's AWS account holds. */
export type World = z.infer<typeof worldSchema>;

export const accountNumber = '123456789012';

const awsPolicy = (name: string): string => `arn:aws:iam::aws:policy/${name}`;
const administrator = awsPolicy('AdministratorAccess');

export const userArn = (name: string): string => `arn:aws:iam::${accountNumber}:user/${name}`;

/** An id of AWS's form that is the same for the same text: `AIDA` and 17 letters or digits. */
export function sandboxId(prefix: string, text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const digest = createHash('sha256').update(text).digest();
  return prefix + [...digest.subarray(0, 21 - prefix.length)].map((byte) => alphabet[byte % 32]).join('');
}

/** A user without anything but its name and tags, as CreateUser makes it. */
export function newUser(userName: string, tags: Record<string, string>): SandboxUser {
  return {
    userName,
    userId: sandboxId('AIDA', userName),
    tags,
    policies: {},
    attached: [],
    groups: [],
    accessKeys: [],
    loginProfile: null,
    mfaDevices: [],
    sshKeys: [],
    serviceCredentials: [],
    certificates: [],
  };
}

/**
 * The account at GlobalTech: everybody has a key, the console, an MFA device and the group of their department; a
 * privileged person has an administrator beside it; service and break-glass users say so by tag.
 */
export function seedWorld(people: SeedPerson[]): World {
  const users = people.flatMap((person) =>
    person.privileged && isHuman(person) ? [everyday(person), administration(person)] : [everyday(person)],
  );
  return {
    users,
    groups: [...new Set(['Everyone', ...people.map(departmentGroup)])],
    policies: [administrator, awsPolicy('IAMUserChangePassword'), awsPolicy('ReadOnlyAccess')],
    roles: [
      { name: 'Developer', policies: {} },
      { name: 'Operations', policies: {} },
    ],
    unassignedDevices: [],
    roleSessions: users
      .filter((user) => user.tags['accountKind'] === undefined)
      .map(({ userName }) => ({
        role: userName.startsWith('adm-') ? 'Operations' : 'Developer',
        name: userName,
        issuedAt: '2025-11-01T08:00:00.000Z',
      })),
  };
}

function everyday(person: SeedPerson): SandboxUser {
  const kind = isHuman(person) ? {} : { accountKind: person.workerType };
  const user = withKeys(newUser(person.login, { employeeId: person.workerId, ...kind }));
  if (person.workerType === 'service') return user;
  if (person.workerType === 'breakGlass') return { ...withConsole(user), attached: [administrator] };
  return {
    ...withConsole(user),
    groups: ['Everyone', departmentGroup(person)],
    attached: [awsPolicy('IAMUserChangePassword')],
    sshKeys: [{ id: sandboxId('APKA', user.userName), status: 'Active' }],
    serviceCredentials: [{ id: sandboxId('ACCA', user.userName), status: 'Active' }],
  };
}

function administration(person: SeedPerson): SandboxUser {
  const user = withConsole(withKeys(newUser(`adm-${person.login}`, { employeeId: person.workerId })));
  return {
    ...user,
    attached: [administrator],
    certificates: [{ id: sandboxId('', `certificate of ${user.userName}`), status: 'Active' }],
  };
}

function withKeys(user: SandboxUser): SandboxUser {
  const id = sandboxId('AKIA', user.userName).slice(0, 20);
  return { ...user, accessKeys: [{ id, status: 'Active' }] };
}

function withConsole(user: SandboxUser): SandboxUser {
  return {
    ...user,
    loginProfile: { passwordResetRequired: false },
    mfaDevices: [`arn:aws:iam::${accountNumber}:mfa/${user.userName}`],
  };
}

function isHuman(person: SeedPerson): boolean {
  return person.workerType === 'employee' || person.workerType === 'contractor';
}

const departmentGroup = (person: SeedPerson): string => person.department.replace(/[^\w+=,.@-]+/g, '-');
