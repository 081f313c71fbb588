import { afterEach, describe, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType == "employee"', give: [{ target: ad, entitlements: [staff] }] }
requestable:
  - { id: wiki, why: write, target: ad, entitlement: wiki, longest: 90d }
  - { id: reports, why: read, target: ad, entitlement: reports, longest: 90d, fromOutside: adopt }
  - { id: root, why: mend, target: ad, entitlement: root, privileged: true }
transitions:
  violation:
    tickets: [{ target: servicenow, kind: incident, title: 'Separation of duties, {{person.id}}', body: decide }]
    messages:
      - { id: seen, target: chat, channel: '#identity-security', title: 'Separation of duties, {{person.id}}', text: look }
      - { id: boss, target: mail, to: manager, title: '{{person.id}} has too much', text: say which }
exceptions: { owner: identity-operations }
`;

const who = 'GT-48291';
let team: Team;
afterEach(() => team?.close());

async function open(...entitlements: string[]): Promise<Team> {
  team = await Team.open({
    policy,
    targets: {
      ad: new FakeTarget([{ id: 'schen', worker: who, enabled: true, entitlements: ['staff', ...entitlements] }]),
      ...{ servicenow: new FakeTarget(), chat: new FakeTarget(), mail: new FakeTarget() },
    },
  });
  await team.add('GT-1', { email: 'boss@globaltech.example' });
  await team.add(who, { managerId: 'GT-1' });
  return team;
}
const has = (...entitlements: string[]) => [`ad: schen on ${['staff', ...entitlements].sort().join(',')}`];
const grants = (id: string, privilege: string, more: Record<string, unknown> = {}) => ({
  ...{ id, type: 'privilege-granted' as const, subject: who, source: 'cloudevents' },
  data: { privilege, ...more },
});

describe('a privilege', () => {
  it('that is revoked goes now, and neither its end nor its reminder is left', async () => {
    await open();
    await team.say(grants('give', 'wiki'));
    expect([team.access(who), await team.timeline(who)]).toEqual([
      has('wiki'),
      [expect.any(String), expect.any(String)],
    ]);
    expect(await team.say({ ...grants('take', 'wiki'), type: 'privilege-revoked' })).toEqual({ outcome: 'applied' });
    expect(team.access(who)).toEqual(has());
    await team.quiet(who);
    expect(await team.record(who)).toMatchObject({ grants: [], pending: [] });
  });

  it('that a rule gives goes as well when it is revoked, and somebody is asked about the rule', async () => {
    await open();
    const revoked = {
      id: 'take',
      type: 'privilege-revoked' as const,
      subject: who,
      data: { target: 'ad', entitlement: 'staff' },
    };
    expect(await team.say(revoked)).toEqual({ outcome: 'applied' });
    expect([team.access(who), await team.exceptions()]).toEqual([['ad: schen on'], ['needs-decision']]);
  });

  it('granted by somebody else is taken over where policy says so, with its end', async () => {
    await open('reports');
    expect(await team.say(grants('seen', 'reports', { alreadyGranted: true }))).toEqual({ outcome: 'applied' });
    expect((await team.record(who)).grants).toMatchObject([{ entitlement: 'reports', until: expect.any(String) }]);
    await team.pass('91 days');
    await team.comesTo(who, has());
  });

  it('granted by somebody else is a violation otherwise, and waits for a person', async () => {
    await open('root');
    expect(await team.say(grants('seen', 'root', { alreadyGranted: true }))).toMatchObject({ outcome: 'held' });
    expect([team.access(who), await team.exceptions()]).toEqual([has('root'), ['drift']]);
  });

  it('is given to nobody who has left', async () => {
    await open();
    await team.say({ id: 'end', type: 'terminated', subject: who, data: { immediate: true, category: 'voluntary' } });
    expect(await team.say(grants('late', 'wiki'))).toMatchObject({ outcome: 'ignored' });
    expect(team.access(who)).toEqual(['ad: schen off']);
  });
});

describe('a certification', () => {
  it('takes away what its reviewer revoked, and nothing else', async () => {
    await open();
    await team.say(grants('one', 'wiki'));
    await team.say(grants('two', 'reports'));
    const items = [
      { target: 'ad', entitlement: 'wiki', decision: 'revoke' },
      { target: 'ad', entitlement: 'reports', decision: 'approve' },
    ];
    expect(await team.say({ id: 'cert', type: 'certification-signed-off', subject: who, data: { items } })).toEqual({
      outcome: 'applied',
    });
    expect(team.access(who)).toEqual(has('reports'));
  });
});

describe('a violation reported from outside', () => {
  it('opens the incident, tells the channel, and tells the manager what to do', async () => {
    await open();
    const said = {
      id: 'seen',
      type: 'policy-violated' as const,
      subject: who,
      data: { policy: 'pay', violation: 'both' },
    };
    expect(await team.say(said)).toEqual({ outcome: 'applied' });
    expect([...(team.targets['servicenow']?.tickets.values() ?? [])]).toMatchObject([
      { kind: 'incident', title: `Separation of duties, ${who}` },
    ]);
    expect([team.told('chat'), team.told('mail')]).toEqual([
      [`#identity-security: Separation of duties, ${who}`],
      [`boss@globaltech.example: ${who} has too much`],
    ]);
    expect([team.access(who), await team.exceptions()]).toEqual([has(), ['separation-of-duties']]);
  });
});
