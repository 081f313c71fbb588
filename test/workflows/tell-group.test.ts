import { afterEach, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { until } from '../helpers/line.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York }
requestable:
  - { id: root, why: mend it, target: ad, entitlement: root, privileged: true, approval: security, longest: 8h }
groups:
  security: { operators: [operator-2], email: security@globaltech.example }
  others: { operators: [operator-2], email: others@globaltech.example }
approvals:
  rules: { security: { steps: [{ by: "group:security", within: 4h }] } }
  via: [mail]
exceptions: { owner: identity-operations }
`;

let team: Team;
afterEach(() => team?.close());

it('a group that is asked to decide is told at its own address, once, and no other group that its operators are in', async () => {
  const mail = new FakeTarget();
  team = await Team.open({ policy, targets: { ad: new FakeTarget(), mail } });
  await team.add('GT-1');
  const asked = { id: 'p1', type: 'privilege-granted', subject: 'GT-1' } as const;
  expect(await team.say({ ...asked, data: { privilege: 'root' } })).toMatchObject({ outcome: 'waiting' });
  await until(() => mail.messages.length > 0, 'the message');
  expect(mail.messages.map(({ to }) => to)).toEqual([{ email: 'security@globaltech.example' }]);
});
