import type { SeedPerson } from '../../sandbox/stand-in.ts';
import { domainOf } from './names.ts';
import { encodedPassword } from './password.ts';
import { Changes } from './sandbox-changes.ts';
import { guidFor } from './sandbox-object.ts';
import type { Tree } from './sandbox-tree.ts';

/** Containers below the base, and groups that every domain of this company has. */
const containers = ['OU=People', 'OU=Admins', 'OU=Service Accounts', 'OU=Break Glass', 'OU=Groups', 'OU=Leavers'];
const builtIn: Readonly<Record<string, string>> = { 'Domain Admins': '512', 'Domain Users': '513' };
const everyone = 'All Staff';
const remote = 'VPN Users';
const employees = 'Employees';
const privileged = 'Privileged Access';

/** The password that a seeded account begins with, so that one can see it stop working. */
export const firstPassword = (login: string): string => `Seeded-${login}-1`;

/** Empties the directory and makes the company: an account for each person, an admin one beside a privileged one's, groups. */
export function seedTree(tree: Tree, people: readonly SeedPerson[]): void {
  tree.clear();
  const changes = new Changes(tree);
  const text = (values: Record<string, string | string[]>) =>
    Object.entries(values).map(([attribute, value]) => ({
      attribute,
      values: [value].flat().map((one) => Buffer.from(one)),
    }));
  const { baseDn } = tree;
  tree.put({
    guid: guidFor(baseDn),
    dn: baseDn,
    attributes: { objectclass: { name: 'objectClass', values: ['top', 'domain', 'domainDNS'] } },
    members: [],
    resets: 0,
  });
  changes.add(`CN=Users,${baseDn}`, text({ objectClass: ['top', 'container'] }));
  for (const container of containers) {
    changes.add(`${container},${baseDn}`, text({ objectClass: ['top', 'organizationalUnit'] }));
  }
  const group = (name: string): string => {
    const token = builtIn[name];
    const dn = `CN=${name},${token === undefined ? 'OU=Groups' : 'CN=Users'},${baseDn}`;
    if (tree.get(dn) === undefined) {
      const attributes = { objectClass: ['top', 'group'], sAMAccountName: name, groupType: '-2147483646' };
      changes.add(dn, text(token === undefined ? attributes : { ...attributes, primaryGroupToken: token }));
    }
    return dn;
  };
  const account = (person: SeedPerson, login: string, container: string, groups: readonly string[]) => {
    const { object } = changes.add(`CN=${login},${container},${baseDn}`, [
      ...text({
        objectClass: ['top', 'person', 'organizationalPerson', 'user'],
        sAMAccountName: login,
        userPrincipalName: `${login}@${domainOf(baseDn)}`,
        employeeID: person.workerId,
        givenName: person.firstName,
        sn: person.lastName,
        displayName: `${person.firstName} ${person.lastName}`,
        department: person.department,
        title: person.jobTitle,
        description: person.jobTitle,
        userAccountControl: '512',
        ...(login === person.login ? { mail: person.email } : {}),
      }),
      { attribute: 'unicodePwd', values: [encodedPassword(firstPassword(login))] },
    ]);
    object.resets = 0;
    for (const name of groups) tree.get(group(name))?.members.push(object.guid);
  };
  for (const name of [...Object.keys(builtIn), everyone, remote, employees, privileged]) group(name);
  for (const person of people) {
    const { workerType, department, login } = person;
    if (workerType === 'service') account(person, login, 'OU=Service Accounts', [department]);
    else if (workerType === 'breakGlass') account(person, login, 'OU=Break Glass', ['Domain Admins']);
    else {
      const more = person.privileged ? [privileged] : [];
      const office = person.location === undefined ? [] : [`Office ${person.location}`];
      const kind = workerType === 'employee' ? [employees] : [];
      account(person, login, 'OU=People', [everyone, department, remote, ...kind, ...office, ...more]);
      if (person.privileged) account(person, `adm-${login}`, 'OU=Admins', ['Domain Admins', privileged]);
    }
  }
}
