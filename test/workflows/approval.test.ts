import { Worker } from '@temporalio/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { until } from '../helpers/line.ts';
import { Team } from '../helpers/team.ts';
import { workflowBundle } from '../helpers/temporal.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType == "employee"', give: [{ target: ad, entitlements: [staff] }] }
  - { id: finance, why: Finance sees money, when: 'person.department == "Finance"', give: [{ target: ad, entitlements: [money] }], approval: boss }
requestable:
  - { id: root, why: mend it, target: ad, entitlement: root, privileged: true, approval: security, longest: 8h, remindBefore: 1h }
  - { id: reports, why: read reports, target: ad, entitlement: reports, approval: both }
  - { id: wiki, why: write, target: ad, entitlement: wiki }
groups:
  security: { operators: [operator-2], people: [GT-7], email: security@globaltech.example }
  last: { operators: [operator-9], email: last@globaltech.example }
owners: { ad: GT-8 }
approvals:
  rules:
    security: { steps: [{ by: "group:security", within: 4h, remind: 1h }] }
    boss: { steps: [{ by: manager, within: 4h }] }
    both: { steps: [{ by: manager, within: 4h }, { by: owner, within: 4h }] }
  fallback: last
  fallbackWithin: 2h
  via: [mail]
exceptions: { owner: identity-operations }
`;

const who = 'GT-48291';
let team: Team;
afterEach(() => team?.close());

async function open(more: { policy?: string; managerId?: string; department?: string } = {}): Promise<Team> {
  team = await Team.open({
    policy: more.policy ?? policy,
    targets: {
      ad: new FakeTarget([{ id: 'schen', worker: who, enabled: true, entitlements: ['staff'] }]),
      mail: new FakeTarget(),
    },
  });
  for (const [id, managerId] of [
    ['GT-1', 'GT-2'],
    ['GT-2', ''],
    ['GT-7', ''],
    ['GT-8', ''],
  ] as const)
    await team.add(id, { managerId, email: `${id.toLowerCase()}@globaltech.example` });
  await team.add(who, { department: more.department ?? 'Sales', managerId: more.managerId ?? 'GT-1' });
  return team;
}

const asks = (privilege: string, more: Record<string, unknown> = {}, id = 'ask') => ({
  ...{ id, type: 'privilege-granted' as const, subject: who },
  data: { privilege, requestedBy: who, ...more },
});
const has = (...entitlements: string[]) => [`ad: schen on ${['staff', ...entitlements].sort().join(',')}`];
const told = () => team.told('mail').sort();
const toTell = (count: number) => until(() => told().length === count, `${count} messages`).then(told);

describe('a privilege that is asked for', () => {
  it('is given when who must agree has, reminded of before its end, and taken back then', async () => {
    await open();
    const end = new Date((await team.now()) + 6 * 3_600_000).toISOString();
    expect(await team.say(asks('root', { until: end }))).toMatchObject({ outcome: 'waiting' });
    const question = await team.question(who);
    expect(question).toMatchObject({
      approvers: ['GT-7', 'operator:operator-2'],
      data: { rule: 'security', requestedBy: who },
    });
    expect(await toTell(1)).toEqual([`security@globaltech.example: To decide: approval for ${who}`]);
    await team.decide(question, 'approve', 'operator-2');
    expect(await team.outcome('workday:ask', 'applied')).toMatchObject({ outcome: 'applied' });
    expect(team.access(who)).toEqual(has('root'));
    expect((await team.record(who)).grants).toMatchObject([
      { entitlement: 'root', until: end, approval: question.id, privileged: true },
    ]);
    await team.pass('330 minutes');
    expect(await until(() => told().find((line) => line.includes('ends soon')), 'the reminder')).toBe(
      `${who.toLowerCase()}@globaltech.example: ${who}: access ends soon`,
    );
    expect(team.access(who)).toEqual(has('root'));
    await team.pass('1 hour');
    await team.comesTo(who, has());
    await team.quiet(who);
    expect(await team.record(who)).toMatchObject({ grants: [], pending: [] });
  });

  it('is never given for longer than policy allows, and at once where nobody must agree', async () => {
    await open();
    await team.say(asks('root', { until: new Date((await team.now()) + 30 * 86_400_000).toISOString() }));
    const [item] = (await team.question(who)).data.items;
    expect(Math.round((Date.parse(item?.requested?.until ?? '') - (await team.now())) / 3_600_000)).toBe(8);
    expect(await team.say(asks('wiki', {}, 'wiki'))).toEqual({ outcome: 'applied' });
    expect(team.access(who)).toEqual(has('wiki'));
    expect((await team.questions(who)).map(({ state }) => state)).toEqual(['open']);
  });

  it('is refused by who may, and by nobody else: not who asked, not whom it concerns, not a stranger', async () => {
    await open();
    await team.say({ ...asks('root'), data: { privilege: 'root', requestedBy: 'operator-2' } });
    const question = await team.question(who);
    expect(question.approvers).toEqual(['GT-7']);
    for (const by of ['operator-2', who, 'operator-1'])
      await expect(team.decide(question, 'approve', by)).rejects.toThrow();
    await team.decide(question, 'refuse', 'GT-7');
    expect(await team.outcome('workday:ask', 'failed')).toMatchObject({
      reason: `approval ${question.id}: refused by GT-7`,
    });
    expect(team.access(who)).toEqual(has());
    await expect(team.decide(question, 'approve', 'GT-7')).rejects.toMatchObject({
      cause: { message: `${question.id} is refused already by GT-7: nothing is to be decided any more` },
    });
  });

  it('goes to the fallback group when nobody answers, reminded of meanwhile, and is a no at the end', async () => {
    await open();
    await team.say(asks('root'));
    await team.pass('5 hours');
    const question = await team.question(who, ({ data }) => data.fallback);
    expect(question.approvers).toEqual(['operator:operator-9']);
    expect(question.data.reminders).toBeGreaterThan(0);
    await team.pass('3 hours');
    expect(await team.outcome('workday:ask', 'failed')).toMatchObject({
      reason: `approval ${question.id}: nobody answered in time, which is a no`,
    });
    expect(team.access(who)).toEqual(has());
  });

  it('is a no where nobody is left to ask, and somebody learns why', async () => {
    await open({ policy: policy.replace('fallback: last', '').replace('people: [GT-7]', 'people: []') });
    const asked = { ...asks('root'), data: { privilege: 'root', requestedBy: 'operator-2' } };
    expect(await team.say(asked)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('nobody is left to ask'),
    });
    expect(await team.exceptions()).toEqual(['approval']);
    expect(team.access(who)).toEqual(has());
  });

  it('of several steps is asked in order, and given after the last', async () => {
    await open();
    await team.say(asks('reports'));
    const first = await team.question(who);
    expect(first.approvers).toEqual(['GT-1']);
    await team.decide(first, 'approve', 'GT-1');
    expect(team.access(who)).toEqual(has());
    const second = await team.question(who, ({ step }) => step === 1);
    expect(second.approvers).toEqual(['GT-8']);
    await team.decide(second, 'approve', 'GT-8');
    await team.comesTo(who, has('reports'));
  });

  it('may be decided by whoever stands in for who is away', async () => {
    await open();
    const [from, end] = [(await team.now()) - 1_000, (await team.now()) + 86_400_000].map((at) =>
      new Date(at).toISOString(),
    );
    await team.line.store.transaction((tx) =>
      tx.putDelegation({ approver: 'GT-1', delegate: 'GT-8', from: from ?? '', until: end ?? '', by: 'operator-1' }),
    );
    await team.say(asks('reports'));
    const question = await team.question(who);
    expect(question.approvers).toEqual(['GT-1', 'GT-8']);
    await team.decide(question, 'approve', 'GT-8');
    await team.question(who, ({ step }) => step === 1);
  });

  it('is asked anew when the person has changed: the question before is void', async () => {
    await open();
    await team.say(asks('reports'));
    const first = await team.question(who);
    await team.say({
      id: 'move',
      type: 'department-changed',
      subject: who,
      data: { department: 'Legal', managerId: 'GT-2' },
    });
    const second = await team.question(who, ({ id }) => id !== first.id);
    expect(second).toMatchObject({ event: 'workday:ask', approvers: ['GT-2'], step: 0 });
    await expect(team.decide(first, 'approve', 'GT-1')).rejects.toThrow();
    expect(await team.line.store.read((reader) => reader.approval(first.id))).toMatchObject({ state: 'void' });
    expect(await team.questions(who)).toHaveLength(1);
  });

  it('has one winner when two decide at once', async () => {
    await open();
    await team.say(asks('root'));
    const question = await team.question(who);
    const both = await Promise.allSettled([
      team.decide(question, 'refuse', 'GT-7'),
      team.decide(question, 'approve', 'operator-2'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { state } = (await team.line.store.read((reader) => reader.approval(question.id))) ?? {};
    await team.comesTo(who, state === 'approved' ? has('root') : has());
  });

  it('goes on to the next manager when its approver leaves, who is told at once', async () => {
    await open();
    await team.say(asks('reports'));
    await toTell(1);
    await team.say({
      id: 'end',
      type: 'terminated',
      subject: 'GT-1',
      data: { immediate: true, category: 'voluntary' },
    });
    expect(await team.question(who, ({ approvers }) => approvers.includes('GT-2'))).toMatchObject({
      approvers: ['GT-2'],
    });
    expect(await toTell(2)).toEqual([
      `gt-1@globaltech.example: To decide: approval for ${who}`,
      `gt-2@globaltech.example: To decide: approval for ${who}`,
    ]);
  });
});

describe('what a rule gives only after approval', () => {
  const move = { id: 'move', type: 'department-changed' as const, subject: who, data: { department: 'Finance' } };

  it('waits for it, and the rest is given at once', async () => {
    await open();
    expect(await team.say(move)).toMatchObject({ outcome: 'waiting' });
    expect(team.access(who)).toEqual(has());
    // What is told about the question makes no other of it.
    await toTell(1);
    const question = await team.question(who);
    await team.decide(question, 'approve', 'GT-1');
    expect(await team.outcome('workday:move', 'applied')).toMatchObject({ outcome: 'applied' });
    expect(team.access(who)).toEqual(has('money'));
  });

  it('is not given when it is refused, and not asked again; the move itself is done', async () => {
    await open();
    await team.say(move);
    await team.decide(await team.question(who), 'refuse', 'GT-1');
    expect(await team.outcome('workday:move', 'applied')).toMatchObject({ outcome: 'applied' });
    await team.say({ id: 'name', subject: who, data: { costCenter: '12' } });
    expect([team.access(who), await team.questions(who)]).toEqual([has(), []]);
  });

  it('agreed to for one job is not agreed to for another', async () => {
    await open();
    await team.say(move);
    await team.decide(await team.question(who), 'approve', 'GT-1');
    await team.comesTo(who, has('money'));
    await team.say({ id: 'away', type: 'department-changed', subject: who, data: { department: 'Legal' } });
    await team.pass('8 days');
    await team.comesTo(who, has());
    await team.say({ id: 'back', subject: who, data: { department: 'Finance', jobTitle: 'Auditor' } });
    expect(team.access(who)).toEqual(has());
    expect(await team.questions(who)).toHaveLength(1);
  });

  it('can be replayed, whatever was under way beside it', async () => {
    await open();
    for (const [index, department] of ['Finance', 'Legal', 'Finance', 'Legal'].entries()) {
      await team.say({ id: `move-${index}`, type: 'department-changed', subject: who, data: { department } });
      const [question] = await team.questions(who);
      if (question !== undefined) await team.decide(question, index === 0 ? 'refuse' : 'approve', 'GT-1');
    }
    const history = await team.environment.client.workflow.getHandle(`person:${who}`).fetchHistory();
    await expect(
      Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, `person:${who}`),
    ).resolves.toBeUndefined();
  });
});
