import express from 'express';
import type { MakeStandIn, SeedPerson, StandIn } from '../../sandbox/stand-in.ts';
import { sessionRoutes, userRoutes } from './sandbox-routes.ts';
import { safeRoutes } from './sandbox-safes.ts';
import {
  emptyVault,
  type Permissions,
  startSession,
  type Vault,
  type VaultUser,
  vaultSchema,
} from './sandbox-vault.ts';
import { errorOf, frontDoor } from './sandbox-web.ts';

/** What the stand-in accepts: a vault user for the self-hosted logon, and a service user for the platform token. */
export const sandboxCredentials = {
  username: 'svc-muster',
  password: 'sandbox-vault-password',
  clientId: 'svc-muster@cyberark.cloud.1234',
  clientSecret: 'sandbox-platform-secret',
} as const;

/** Sessions of the patching robot, opened with an account named like a person: a search for that person finds them first. */
const robotSessions = 30;

const connect: Permissions = { useAccounts: true, retrieveAccounts: false, listAccounts: true, viewSafeMembers: false };
const manage: Permissions = { ...connect, retrieveAccounts: true, addAccounts: true, viewSafeMembers: true };

/**
 * CyberArk's stand-in: users, safes and live PSM sessions, the logon of a self-hosted PVWA and of Privilege Cloud.
 * Its vendor faults: `sessionRace` (a session starts after a user is disabled and while theirs are being ended),
 * `olderVersion` (no `/disable/` and `/enable/`, as before 12.6), `cannotTerminate` (403 on ending a session). Always
 * on: a path with a dot that does not end with a slash is 404.
 */
export const makeStandIn: MakeStandIn = (tools): StandIn => {
  let vault = emptyVault();
  const door = frontDoor(sandboxCredentials);
  const become = (next: Vault) => {
    vault = next;
    door.forgetTokens();
  };
  const current = () => vault;
  const router = express.Router();
  door.api.use(userRoutes(current, tools), sessionRoutes(current, tools), safeRoutes(current, tools));
  router.use(door.router);
  return {
    state: () => ({
      accounts: vault.users.map((user) => ({
        id: String(user.id),
        name: user.username,
        worker: user.worker,
        enabled: user.enableUser,
        suspended: user.suspended,
        entitlements: safesOf(vault, user.username),
        sessions: vault.sessions.filter((session) => session.user === user.username).map((session) => session.guid),
      })),
      safes: vault.safes,
    }),
    seed: (people) => become(seeded(people)),
    dump: () => structuredClone(vault),
    restore: (dumped) => become(vaultSchema.parse(dumped)),
    router,
    errorBody: (status) => ({ body: JSON.stringify(errorOf(status)), contentType: 'application/json' }),
  };
};

function seeded(people: SeedPerson[]): Vault {
  const vault = emptyVault();
  const robot = addUser(vault, { username: 'svc-patching', firstName: 'Patching', lastName: 'Robot', component: true });
  for (const person of people) {
    const login = loginOf(person);
    const user = addUser(vault, { ...person, username: login });
    if (!isHuman(person)) continue;
    addMember(vault, `${person.department} Shared`, user, connect);
    addSession(vault, user.username, 'app01.globaltech.example', 'oracle');
    if (!person.privileged) continue;
    const admin = addUser(vault, { ...person, username: `adm-${login}` });
    addMember(vault, 'Windows-Domain-Admins', admin, manage);
    addMember(vault, 'sap.basis', admin, connect);
    addSession(vault, admin.username, 'dc01.globaltech.example', 'Administrator');
    addSession(vault, admin.username, 'sap01.globaltech.example', 'root');
  }
  const namesake = people.find((person) => person.privileged && isHuman(person));
  for (let index = 0; namesake !== undefined && index < robotSessions; index += 1) {
    addSession(vault, robot.username, `web${index}.globaltech.example`, loginOf(namesake));
  }
  return vault;
}

const isHuman = ({ workerType }: SeedPerson): boolean => workerType === 'employee' || workerType === 'contractor';

/** Users are called like the part of their e-mail address before the @, dots and all. */
const loginOf = (person: SeedPerson): string => person.email.split('@')[0] ?? person.login;

const safesOf = (vault: Vault, username: string): string[] =>
  vault.safes.filter((safe) => safe.members.some((member) => member.memberName === username)).map((safe) => safe.id);

interface UserFrom {
  username: string;
  firstName: string;
  lastName: string;
  email?: string;
  workerId?: string;
  component?: boolean;
}

function addUser(vault: Vault, from: UserFrom): VaultUser {
  const user: VaultUser = {
    id: 100 + vault.users.length,
    username: from.username,
    component: from.component ?? false,
    enableUser: true,
    suspended: false,
    worker: from.workerId ?? null,
    profile: {
      description: from.workerId ?? '',
      personalDetails: { firstName: from.firstName, lastName: from.lastName },
      internet: { businessEmail: from.email ?? '' },
    },
  };
  vault.users.push(user);
  return user;
}

function addMember(vault: Vault, name: string, user: VaultUser, permissions: Permissions): void {
  let safe = vault.safes.find((candidate) => candidate.name === name);
  if (safe === undefined) {
    safe = { id: encodeURIComponent(name), name, readable: true, members: [] };
    vault.safes.push(safe);
  }
  safe.members.push({ memberName: user.username, permissions, membershipExpirationDate: null });
}

const addSession = (vault: Vault, user: string, machine: string, accountUsername: string): void =>
  startSession(vault, { user, machine, accountUsername, safe: 'Windows-Domain-Admins' });
