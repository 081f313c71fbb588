import type { MakeStandIn } from '../../sandbox/stand-in.ts';
import { Answers, type ServiceAccount } from './sandbox-answers.ts';
import { isDisabled } from './sandbox-changes.ts';
import { attributeOf, isUser } from './sandbox-object.ts';
import { seedTree } from './sandbox-people.ts';
import { listenLdaps } from './sandbox-server.ts';
import { Tree } from './sandbox-tree.ts';

const baseDn = 'DC=corp,DC=globaltech,DC=example';

/** The one account that may change things here. `bindDn` is its UPN; its DN and `corp\svc-muster` do as well. */
export const sandboxCredentials: ServiceAccount = {
  bindDn: 'svc-muster@corp.globaltech.example',
  dn: `CN=svc-muster,OU=Service Accounts,${baseDn}`,
  password: 'Sandbox-only-1',
};

/** Settings of a target that fit this stand-in; `url`, `ca` and `password` are known when it listens. */
export const sandboxSettings = {
  bindDn: sandboxCredentials.bindDn,
  baseDn,
  usersOu: `OU=People,${baseDn}`,
  leaversOu: `OU=Leavers,${baseDn}`,
  adminAccounts: { loginPrefix: 'adm-', ou: `OU=Admins,${baseDn}` },
  serviceAccounts: { loginPrefix: 'svc-', ou: `OU=Service Accounts,${baseDn}` },
  breakGlassAccounts: { ou: `OU=Break Glass,${baseDn}` },
};

/**
 * A domain controller in memory, over LDAPS alone. It serves Muster, and `ldapsearch` for whoever wants to look:
 * bind, search (all filters, ranges, pages), add, modify, delete, rename, abandon. The vendor fault `cut` drops the
 * connection instead of answering.
 */
export const makeStandIn: MakeStandIn = (tools) => {
  const tree = new Tree(baseDn);
  seedTree(tree, []);
  return {
    state: () => ({
      accounts: tree
        .all()
        .filter(isUser)
        .map((object) => ({
          id: object.guid,
          name: attributeOf(object, 'sAMAccountName')[0] ?? object.dn,
          worker: attributeOf(object, 'employeeID')[0] ?? null,
          enabled: !isDisabled(object),
          entitlements: tree
            .groupsOf(object)
            .map((group) => group.dn)
            .sort(),
          sessions: [],
          dn: object.dn,
          description: attributeOf(object, 'description')[0] ?? null,
          passwordResets: object.resets,
        })),
      groups: tree
        .all()
        .filter((object) => attributeOf(object, 'objectClass').includes('group'))
        .map((group) => ({ id: group.dn, members: group.members.length })),
    }),
    seed: (people) => seedTree(tree, people),
    dump: () => tree.dump(),
    restore: (dumped) => tree.restore(dumped),
    listen: (options) => listenLdaps(() => new Answers({ tree, service: sandboxCredentials, tools }), tools, options),
  };
};
