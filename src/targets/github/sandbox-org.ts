import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SeedPerson } from '../../sandbox/stand-in.ts';

const userSchema = z.object({ id: z.int(), login: z.string(), worker: z.string().optional() });
const memberSchema = z.object({ login: z.string(), role: z.enum(['admin', 'member']), teams: z.array(z.string()) });
const invitationSchema = z.object({
  id: z.int(),
  login: z.string().nullable(),
  email: z.string().nullable(),
  role: z.string(),
  teams: z.array(z.string()),
});

/** Everything the stand-in holds. Users stay when they leave the organisation, as at GitHub. */
export const orgSchema = z.object({
  users: z.array(userSchema),
  identities: z.array(z.object({ nameId: z.string(), login: z.string() })),
  members: z.array(memberSchema),
  invitations: z.array(invitationSchema),
  credentials: z.array(z.object({ credential_id: z.int(), login: z.string(), credential_type: z.string() })),
  collaborators: z.array(z.string()),
  teams: z.array(z.string()),
});
export type Org = z.infer<typeof orgSchema>;

/** A number made from a name, the same every time. */
export const numberOf = (name: string): number =>
  10_000_000 + (createHash('sha256').update(name).digest().readUInt32BE() % 900_000_000);

export const emptyOrg = (): Org => ({
  users: [],
  identities: [],
  members: [],
  invitations: [],
  credentials: [],
  collaborators: [],
  teams: [],
});

/** An organisation with a member for each person, and an owner's account for each privileged one. */
export function seededOrg(people: readonly SeedPerson[]): Org {
  const org = emptyOrg();
  for (const person of people) {
    const department = person.department.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    addMember(org, person, { prefix: '', role: 'member', teams: ['all-staff', department, 'code-search'] });
    if (!person.privileged) continue;
    addMember(org, person, { prefix: 'adm-', role: 'admin', teams: ['administrators'] });
  }
  return org;
}

function addMember(
  org: Org,
  person: SeedPerson,
  as: { prefix: string; role: 'admin' | 'member'; teams: string[] },
): void {
  // Logins hold no dots, and the suffix keeps people's own accounts apart from the company's.
  const login = `${as.prefix}${person.login.replaceAll('.', '-')}-gt`;
  org.users.push({ id: numberOf(login), login, worker: person.workerId });
  org.identities.push({ nameId: `${as.prefix}${person.email}`, login });
  org.members.push({ login, role: as.role, teams: as.teams });
  for (const type of ['SSH key', 'personal access token']) {
    org.credentials.push({ credential_id: numberOf(`${login} ${type}`), login, credential_type: type });
  }
  if (as.role === 'admin') {
    org.credentials.push({ credential_id: numberOf(`${login} CI`), login, credential_type: 'personal access token' });
  }
  org.teams = [...new Set([...org.teams, ...as.teams])];
}

/** Logins are compared without regard to case. */
export const sameLogin = (one: string | null, other: string): boolean => one?.toLowerCase() === other.toLowerCase();

/** Each user, and each invitation that went to an address, as `GET /state` lists accounts. */
export function accountsOf(org: Org): Record<string, unknown>[] {
  const users = org.users.map(({ id, login, worker }) => {
    const member = org.members.find((one) => sameLogin(one.login, login));
    const invitation = org.invitations.find((one) => sameLogin(one.login, login));
    const collaborator = org.collaborators.some((one) => sameLogin(one, login));
    const credentials = org.credentials.filter((one) => sameLogin(one.login, login));
    return {
      id: String(id),
      name: login,
      worker,
      enabled: member !== undefined || invitation !== undefined,
      pending: invitation !== undefined,
      entitlements: (member ?? invitation)?.teams ?? [],
      sessions: [
        ...credentials.map((one) => `${one.credential_type} ${one.credential_id}`),
        ...(collaborator ? ['outside collaborator'] : []),
      ],
    };
  });
  const invited = org.invitations
    .filter((one) => one.login === null)
    .map(({ id, email, teams }) => ({
      id: `invitation:${id}`,
      name: email ?? '',
      enabled: true,
      pending: true,
      entitlements: teams,
      sessions: [],
    }));
  return [...users, ...invited];
}
