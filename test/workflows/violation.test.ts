import { afterEach, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType == "employee"', give: [{ target: ad, entitlements: [staff] }] }
  - { id: keys, why: keys, privileged: true, when: 'person.privileged', give: [{ target: ad, entitlements: [keys] }] }
separationOfDuties:
  - { id: sell-and-export, why: nobody exports what pays them, one: [{ target: crm, entitlement: seller }], other: [{ target: crm, entitlement: export }] }
transitions:
  violation:
    tickets: [{ target: desk, kind: incident, title: 'Duties of {{person.id}}', body: 'Decide which of the two goes.' }]
    messages:
      - { id: channel, target: chat, channel: '#identity-security', title: 'Duties of {{person.id}}', text: see the incident }
      - { id: manager, target: mail, to: manager, title: '{{person.id}} has too much', text: Say which of the two they need. }
exceptions: { owner: identity-operations }
`;

let team: Team;
afterEach(() => team?.close());

it('a violation reported from outside opens the incident, tells the channel and the manager, and changes no access', async () => {
  const targets = {
    ad: new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true, entitlements: ['old'] }]),
    crm: new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true, entitlements: ['seller', 'export'] }]),
    ...{ desk: new FakeTarget(), chat: new FakeTarget(), mail: new FakeTarget() },
  };
  team = await Team.open({ policy, targets });
  await team.add('GT-1', { email: 'boss@globaltech.example' });
  // As after an import: what they have is at the targets, and the directory does not know of it yet.
  await team.add('GT-48291', { managerId: 'GT-1' }, { privileged: true });

  const given = { id: 'v1', source: 'cloudevents', type: 'policy-violated', subject: 'GT-48291' } as const;
  expect(await team.say({ ...given, data: { policy: 'sell-and-export' } })).toEqual({ outcome: 'applied' });

  expect([...targets.desk.tickets.values()]).toMatchObject([{ kind: 'incident', title: 'Duties of GT-48291' }]);
  expect(targets.chat.messages).toMatchObject([{ to: { channel: '#identity-security' } }]);
  expect(targets.mail.messages).toMatchObject([{ to: { email: 'boss@globaltech.example' } }]);
  expect(team.access('GT-48291')).toEqual(['ad: schen on old', 'crm: 005 on export,seller']);
  expect([...targets.ad.changes, ...targets.crm.changes]).toEqual([]);
  const { items } = await team.line.store.read((reader) => reader.exceptions({ open: true }, {}));
  expect(items).toMatchObject([{ person: 'GT-48291', kind: 'separation-of-duties' }]);
  expect(items[0]?.reason).toContain('sell-and-export');
});
