import { expect, it } from 'vitest';
import {
  type ApprovalRequest,
  decideApproval,
  dueApproval,
  handOnApprovals,
  openApproval,
  voidApprovals,
} from '../../activities/approvals.ts';
import type { Delegation } from '../../src/model/approval.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { approvalPolicy, company, dependenciesOf, item, monday, noFallback, question } from './asking-people.ts';

const id = `GT-1/${'a'.repeat(12)}/1`;
const local = (moment: string) => new Date(`${moment}:00-05:00`).toISOString();

onBothDatabases('approvals', (under) => {
  const open = (rule: string, more: Partial<ApprovalRequest> = {}, policy?: Policy) =>
    under.store.transaction((tx) => openApproval(tx, dependenciesOf(policy), question(rule, more)));
  const decide = (by: string, decision: 'approve' | 'refuse' = 'approve', now = monday, more: object = {}) =>
    under.store.transaction((tx) => decideApproval(tx, dependenciesOf(), { id, decision, by, now, ...more }));
  const due = (now: string, policy?: Policy) =>
    under.store.transaction((tx) => dueApproval(tx, dependenciesOf(policy), { id, now }));
  const pending = async (person = 'GT-1') => (await under.store.read((reader) => reader.person(person)))?.pending ?? [];
  const kinds = async () =>
    (await under.store.read((reader) => reader.evidence({ person: 'GT-1' }, { limit: 500 }))).items.map(
      ({ kind }) => kind,
    );
  const exceptions = async () => (await under.store.read((reader) => reader.exceptions({ open: true }, {}))).items;
  const away = (approver: string, delegate: string, more: Partial<Delegation> = {}) =>
    under.store.transaction((tx) =>
      tx.putDelegation({
        ...{
          approver,
          delegate,
          from: '2026-01-01T00:00:00.000Z',
          until: '2026-02-01T00:00:00.000Z',
          by: 'operator-1',
        },
        ...more,
      }),
    );
  const handOnNobody = () =>
    under.store.transaction((tx) => handOnApprovals(tx, dependenciesOf(), { id: 'GT-5' }, monday));
  const leave = (person: string, state: 'Terminated' | 'OnLeave' = 'Terminated') =>
    under.store.transaction((tx) => tx.updatePerson(person, { state }));

  it('asks the manager, with their own hours, and puts the reminder on the timeline', async () => {
    await company(under.store);
    const asked = await open('manager', { requestedBy: 'GT-1' });
    const approval = {
      ...{ id, person: 'GT-1', event: 'servicenow:r-1', hash: `sha256:${'a'.repeat(64)}`, state: 'open', step: 0 },
      ...{ openedAt: monday, dueAt: local('2026-01-06T17:00'), approvers: ['GT-2'] },
      data: {
        ...{ rule: 'manager', summary: ['GT-1 gets admin'], items: [item()], requestedBy: 'GT-1', said: [] },
        ...{ fallback: false, reminders: 0, remindAt: local('2026-01-05T13:00') },
        told: { at: monday, to: ['GT-2'], kind: 'asked' },
      },
    };
    expect(asked).toEqual({ approval, tell: [{ to: ['GT-2'], kind: 'asked' }] });
    expect(await under.store.read((reader) => reader.approval(id))).toEqual(approval);
    expect(await pending()).toEqual([
      {
        ...{ id: `approval:${id}`, kind: 'approval', dueAt: local('2026-01-05T13:00'), event: 'servicenow:r-1' },
        ...{ confidential: false, data: { approval: id } },
      },
    ]);
  });

  it('asks once for one question, and again when the first was void or another event asks', async () => {
    await company(under.store);
    const first = await open('manager');
    expect(await open('manager')).toEqual(first);
    expect((await open('manager', { now: local('2026-01-05T10:00'), event: 'servicenow:r-2' })).tell).toEqual([]);
    expect(await kinds()).toEqual(['approval-opened']);
    await under.store.transaction((tx) => voidApprovals(tx, dependenciesOf(), 'GT-1', [], monday));
    expect((await open('manager')).approval.id).toBe(`GT-1/${'a'.repeat(12)}/2`);
    await under.store.transaction((tx) =>
      decideApproval(tx, dependenciesOf(), {
        id: `GT-1/${'a'.repeat(12)}/2`,
        decision: 'refuse',
        by: 'GT-2',
        now: monday,
      }),
    );
    expect((await open('manager')).approval).toMatchObject({ id: `GT-1/${'a'.repeat(12)}/2`, state: 'refused' });
    expect((await open('manager', { event: 'servicenow:r-2' })).approval).toMatchObject({
      id: `GT-1/${'a'.repeat(12)}/3`,
    });
  });

  it('is approved by its approver, and who asked is told', async () => {
    await company(under.store);
    await open('manager', { requestedBy: 'operator-3' });
    const now = local('2026-01-05T11:00');
    const decided = await decide('GT-2', 'approve', now, { comment: 'for the audit' });
    expect(decided).toMatchObject({
      approval: { id, state: 'approved', decidedBy: 'GT-2', decidedAt: now, comment: 'for the audit' },
      tell: [{ to: ['operator-3'], kind: 'decided' }],
    });
    expect(await under.store.read((reader) => reader.approval(id))).toEqual('approval' in decided && decided.approval);
    expect(await pending()).toEqual([]);
    expect(await kinds()).toEqual(['approval-opened', 'approval-approved']);
    expect(await decide('GT-2', 'approve', now, { comment: 'for the audit' })).toEqual(decided);
    expect(await decide('GT-2', 'refuse', local('2026-01-05T12:00'))).toEqual({
      refused: `${id} is approved already by GT-2: nothing is to be decided any more`,
    });
    expect(await due(local('2026-01-06T17:00'))).toMatchObject({ approval: { state: 'approved' }, tell: [] });
  });

  it('needs every step, and a try that is made again answers no other one', async () => {
    await company(under.store);
    await under.store.transaction((tx) => tx.updatePerson('GT-5', { attributes: { managerId: 'GT-3' } }));
    await under.store.transaction((tx) => tx.updatePerson('GT-1', { attributes: { managerId: 'GT-5' } }));
    await open('both');
    const first = await decide('GT-5');
    expect(first).toMatchObject({
      approval: {
        ...{ state: 'open', step: 1, approvers: ['GT-5', 'operator:operator-2'], dueAt: '2026-01-06T14:00:00.000Z' },
        data: { said: [{ step: 0, by: 'GT-5', decision: 'approve', at: monday }] },
      },
      tell: [{ to: ['group:security'], kind: 'asked' }],
    });
    expect(await decide('GT-5')).toEqual(first);
    expect((await pending())[0]).toMatchObject({ dueAt: '2026-01-06T14:00:00.000Z' });
    expect(await decide('operator-2', 'approve', local('2026-01-05T10:00'))).toMatchObject({
      approval: { state: 'approved', decidedBy: 'operator-2' },
    });
    expect(await kinds()).toEqual(['approval-opened', 'approval-step-approved', 'approval-asked', 'approval-approved']);
  });

  it('is refused by one no, at whatever step', async () => {
    await company(under.store);
    await open('both');
    expect(await decide('GT-2', 'refuse', monday, { comment: 'no need' })).toMatchObject({
      approval: { state: 'refused', step: 0, decidedBy: 'GT-2', comment: 'no need' },
    });
    expect(await pending()).toEqual([]);
  });

  it('is decided by nobody who is not asked, whom it concerns, or who asked for it, by whatever name', async () => {
    await company(under.store);
    await open('owner', { items: [item('github')], requestedBy: 'operator-1' });
    const { approvers } = (await under.store.read((reader) => reader.approval(id))) ?? {};
    expect(approvers).toEqual(['operator:operator-2']);
    for (const by of ['operator-1', 'GT-2', 'GT-1', 'operator-9', 'operator:operator-1']) {
      expect(await decide(by)).toEqual({ refused: `${by} is not asked about ${id}` });
    }
    // The operator turns out to be the person concerned.
    const identifier = { source: 'okta', type: 'id' as const, value: 'operator-2' };
    await under.store.transaction((tx) => tx.addIdentifier('GT-1', identifier));
    expect(await decide('operator-2')).toEqual({
      refused: `operator-2 is whom ${id} concerns, or asked for it, and decides nothing of it`,
    });
    expect(
      await under.store.transaction((tx) =>
        decideApproval(tx, dependenciesOf(), { id: 'GT-1/none/1', decision: 'approve', by: 'GT-2', now: monday }),
      ),
    ).toEqual({ refused: 'no approval has the id GT-1/none/1' });
  });

  it.each([
    ['owner', item('salesforce'), ['GT-6'], ['GT-6']],
    [
      'owner',
      item('github'),
      ['operator:operator-1', 'operator:operator-2'],
      ['operator:operator-1', 'operator:operator-2'],
    ],
    ['owner', item('cyberark'), ['GT-5', 'operator:operator-2'], ['group:security']],
    ['owner', item('aws-iam'), ['operator:operator-9'], ['operator:operator-9']],
    ['self', item(), ['operator:operator-9'], ['operator:operator-9']],
    ['asker', item(), ['operator:operator-9'], ['operator:operator-9']],
    ['unknown-rule', item(), ['operator:operator-9'], ['operator:operator-9']],
  ])('by %s about %j asks %j', async (rule, about, approvers, to) => {
    await company(under.store);
    const asked = await open(rule, { items: [about], requestedBy: 'GT-4' });
    expect(asked).toMatchObject({ approval: { approvers, state: 'open' }, tell: [{ to, kind: 'asked' }] });
    expect(asked.approval.data.fallback).toBe(approvers[0] === 'operator:operator-9');
  });

  it('asks each target’s owner about several targets', async () => {
    await company(under.store);
    await open('owner', { items: [item('salesforce'), item('github'), item('salesforce')] });
    expect(await decide('operator-1')).toMatchObject({ approval: { step: 1, approvers: ['GT-6'] } });
    expect(await decide('GT-6')).toMatchObject({ approval: { state: 'approved' } });
  });

  it('asks whoever decides for somebody who is away, and never the person concerned instead', async () => {
    await company(under.store);
    await away('GT-2', 'GT-4');
    await away('GT-4', 'GT-5');
    await away('GT-5', 'GT-2');
    await away('GT-2', 'GT-3', { from: '2025-12-01T00:00:00.000Z', until: monday });
    await away('GT-2', 'GT-1', { from: '2025-12-02T00:00:00.000Z' });
    expect((await open('manager')).approval.approvers).toEqual(['GT-2', 'GT-4', 'GT-5']);
    expect(await decide('GT-4')).toMatchObject({ approval: { state: 'approved', decidedBy: 'GT-4' } });
  });

  it('is decided for somebody whose absence was told only after they were asked, as long as it lasts', async () => {
    await company(under.store);
    await open('manager');
    const [from, until] = [local('2026-01-05T10:00'), local('2026-01-05T12:00')];
    await away('GT-2', 'GT-4', { from, until });
    await away('GT-2', 'GT-1', { from: local('2026-01-05T10:01'), until });
    await away('GT-4', 'GT-6', { from, until });
    await leave('GT-4', 'OnLeave');
    for (const [by, now] of [
      ['GT-6', monday],
      ['GT-6', until],
      ['GT-4', from],
      ['GT-5', from],
      ['GT-1', local('2026-01-05T10:01')],
    ] as const) {
      expect([by, await decide(by, 'approve', now)]).toEqual([by, { refused: expect.stringContaining(by) }]);
    }
    expect(await decide('GT-6', 'approve', from)).toMatchObject({ approval: { state: 'approved', decidedBy: 'GT-6' } });
  });

  it('goes up the chain where the manager is gone, and to the fallback group where nobody is left', async () => {
    await company(under.store);
    await leave('GT-2', 'OnLeave');
    expect((await open('manager')).approval.approvers).toEqual(['GT-3']);
    await leave('GT-3');
    const asked = await open('manager', { hash: 'sha256:b' });
    expect(asked.approval).toMatchObject({
      approvers: ['operator:operator-9'],
      dueAt: '2026-01-06T14:00:00.000Z',
      data: { fallback: true },
    });
  });

  it('is refused at once, with an exception, where there is nobody at all to ask', async () => {
    await company(under.store);
    const refused = await open('self', {}, noFallback);
    expect(refused).toMatchObject({
      approval: { state: 'refused', approvers: [], decidedBy: 'muster', comment: 'nobody is left to ask' },
      tell: [{ to: ['GT-1'], kind: 'decided' }],
    });
    expect(await exceptions()).toMatchObject([
      { id: `person:GT-1/${id}/approval`, kind: 'approval', person: 'GT-1', event: 'servicenow:r-1' },
    ]);
    expect(await pending()).toEqual([]);
    // The group is there, and its only member asked for it.
    expect((await open('self', { requestedBy: 'operator-9', hash: 'sha256:b' })).approval.state).toBe('refused');
  });

  it('is refused at a later step that nobody is left for, whoever agreed before', async () => {
    await company(under.store);
    await leave('GT-5');
    const request = { ...approvalPolicy.groups['security'], people: ['GT-5'], operators: [] };
    const policy: Policy = { ...noFallback, groups: { ...noFallback.groups, security: request } };
    await open('both', {}, policy);
    const decided = await under.store.transaction((tx) =>
      decideApproval(tx, dependenciesOf(policy), { id, decision: 'approve', by: 'GT-2', now: monday }),
    );
    expect(decided).toMatchObject({ approval: { state: 'refused', step: 1, data: { said: [{ by: 'GT-2' }] } } });
    expect(await exceptions()).toHaveLength(1);
  });

  it('reminds, then asks the fallback group, and expires as a no', async () => {
    await company(under.store);
    await open('manager');
    const [first, second] = [local('2026-01-05T13:00'), local('2026-01-05T17:00')];
    expect(await due(local('2026-01-05T12:59'))).toMatchObject({ approval: { data: { reminders: 0 } }, tell: [] });
    const reminded = await due(first);
    expect(reminded).toMatchObject({
      approval: { data: { reminders: 1, remindAt: second } },
      tell: [{ to: ['GT-2'], kind: 'reminder' }],
    });
    expect(await due(first)).toEqual(reminded);
    expect((await pending())[0]).toMatchObject({ dueAt: second });
    await due(second);
    await due(local('2026-01-06T13:00'));
    expect((await pending())[0]).toMatchObject({ dueAt: local('2026-01-06T17:00') });
    const escalated = await due(local('2026-01-06T17:00'));
    expect(escalated).toMatchObject({
      approval: {
        state: 'open',
        approvers: ['operator:operator-9'],
        dueAt: '2026-01-07T17:00:00.000Z',
        data: { fallback: true, reminders: 3 },
      },
      tell: [{ to: ['operator:operator-9'], kind: 'asked' }],
    });
    expect(await due(local('2026-01-06T17:00'))).toEqual(escalated);
    expect(await decide('GT-2', 'approve', local('2026-01-07T09:00'))).toHaveProperty('refused');
    const expired = await due(local('2026-01-07T17:00'));
    expect(expired).toMatchObject({
      approval: { state: 'expired', decidedBy: 'muster' },
      tell: [{ to: ['GT-1'], kind: 'decided' }],
    });
    expect(await due(local('2026-01-07T17:00'))).toEqual(expired);
    expect(await decide('operator-9', 'approve', local('2026-01-07T17:01'))).toEqual({
      refused: `${id} is expired already: nothing is to be decided any more`,
    });
    expect(await pending()).toEqual([]);
    expect(await kinds()).toEqual([
      'approval-opened',
      ...Array(3).fill('approval-reminded'),
      'approval-escalated',
      'approval-expired',
    ]);
  });

  it('goes on with the next step after the fallback group agreed to one', async () => {
    await company(under.store);
    await open('both');
    const day = local('2026-01-05T17:00');
    expect(await due(day)).toMatchObject({ approval: { step: 0, data: { fallback: true } } });
    expect(await decide('operator-9', 'approve', day)).toMatchObject({
      approval: { state: 'open', step: 1, approvers: ['GT-5', 'operator:operator-2'], data: { fallback: false } },
    });
  });

  it('is void when it is another question, and those who were asked are told', async () => {
    await company(under.store);
    await open('manager');
    await open('owner', { hash: 'sha256:kept' });
    const changed = await under.store.transaction((tx) =>
      voidApprovals(tx, dependenciesOf(), 'GT-1', ['sha256:kept'], monday),
    );
    expect(changed).toMatchObject([
      { approval: { id, state: 'void', decidedAt: monday }, tell: [{ to: ['GT-2'], kind: 'decided' }] },
    ]);
    expect((await pending()).map((row) => row.id)).toEqual(['approval:GT-1/kept/1']);
    expect(await decide('GT-2')).toEqual({ refused: `${id} is void already: nothing is to be decided any more` });
    expect(
      await under.store.transaction((tx) => voidApprovals(tx, dependenciesOf(), 'GT-1', ['sha256:kept'], monday)),
    ).toEqual([]);
  });

  it('goes to somebody else when its approver leaves, with time of their own', async () => {
    await company(under.store);
    await open('manager');
    const later = local('2026-01-06T16:00');
    const handOn = (leaver: string) =>
      under.store.transaction((tx) => handOnApprovals(tx, dependenciesOf(), { id: leaver }, later));
    expect(await handOn('GT-4')).toEqual([]);
    // GT-2 is still there in the directory: their end is only scheduled. GT-3 works in Berlin, where it is late already.
    expect(await handOn('GT-2')).toMatchObject([
      {
        approval: { approvers: ['GT-3'], dueAt: '2026-01-08T16:00:00.000Z', data: { fallback: false } },
        tell: [{ to: ['GT-3'], kind: 'asked' }],
      },
    ]);
    expect((await pending())[0]).toMatchObject({ dueAt: '2026-01-07T12:00:00.000Z' });
    expect(await decide('GT-2')).toHaveProperty('refused');
    await leave('GT-2');
    expect(await handOn('GT-3')).toMatchObject([
      { approval: { approvers: ['operator:operator-9'], data: { fallback: true } } },
    ]);
  });

  it('goes on with the others when one of several leaves, in the time they had', async () => {
    await company(under.store);
    await open('owner', { items: [item('cyberark')] });
    await leave('GT-5');
    const [handed] = await under.store.transaction((tx) =>
      handOnApprovals(tx, dependenciesOf(), { id: 'GT-5' }, local('2026-01-05T10:00')),
    );
    expect(handed).toMatchObject({
      approval: { approvers: ['operator:operator-2'], dueAt: local('2026-01-05T13:00') },
      tell: [],
    });
    expect(await handOnNobody()).toEqual([]);
  });

  it('has one winner when its time is up at the instant at which somebody answers', async () => {
    await company(under.store);
    const moment = local('2026-01-06T17:00');
    const outcomes = new Set<string>();
    for (let round = 1; round <= 8; round += 1) {
      const hash = `sha256:${String(round).repeat(64)}`;
      const { approval } = await open('manager', { hash }, noFallback);
      const answer = () =>
        under.store.transaction((tx) =>
          decideApproval(tx, dependenciesOf(noFallback), {
            id: approval.id,
            decision: 'approve',
            by: 'GT-2',
            now: moment,
          }),
        );
      const timer = () =>
        under.store.transaction((tx) => dueApproval(tx, dependenciesOf(noFallback), { id: approval.id, now: moment }));
      const both = round % 2 === 0 ? [answer(), timer()] : [timer(), answer()];
      const results = await Promise.all(both);
      const after = await under.store.read((reader) => reader.approval(approval.id));
      const wasRefused = results.some((result) => 'refused' in result);
      expect([after?.state, wasRefused]).toEqual(after?.state === 'approved' ? ['approved', false] : ['expired', true]);
      outcomes.add(after?.state ?? '');
      const { items } = await under.store.read((reader) => reader.evidence({ person: 'GT-1' }, { limit: 500 }));
      const ends = items.filter(({ step, kind }) => step.startsWith(approval.id) && /approved|expired/.test(kind));
      expect(ends.map(({ kind }) => kind)).toEqual([`approval-${after?.state}`]);
    }
    expect(await pending()).toEqual([]);
    if (!under.concurrent) expect([...outcomes].sort()).toEqual(['approved', 'expired']);
  });

  it('has one winner when two answer at once', async () => {
    await company(under.store);
    for (let round = 1; round <= 6; round += 1) {
      const hash = `sha256:${String(round).repeat(64)}`;
      const { approval } = await open('owner', { hash, items: [item('github')] });
      const say = (by: string, decision: 'approve' | 'refuse') =>
        under.store.transaction((tx) =>
          decideApproval(tx, dependenciesOf(), { id: approval.id, decision, by, now: monday }),
        );
      const results = await Promise.all([say('operator-1', 'approve'), say('operator-2', 'refuse')]);
      expect(results.filter((result) => 'refused' in result)).toHaveLength(1);
      const after = await under.store.read((reader) => reader.approval(approval.id));
      expect(after).toMatchObject(
        after?.decidedBy === 'operator-1' ? { state: 'approved' } : { state: 'refused', decidedBy: 'operator-2' },
      );
    }
  });
});
