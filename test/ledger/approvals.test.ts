import { expect, it } from 'vitest';
import type { Approval, Delegation } from '../../src/model/approval.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';

const at = (hour: number) => `2026-01-05T${String(hour).padStart(2, '0')}:00:00.000Z`;
const approval = (id: string, more: Partial<Approval> = {}): Approval => ({
  ...{
    id,
    person: 'GT-1',
    event: 'workday:1',
    hash: 'sha256:1',
    state: 'open',
    openedAt: at(1),
    dueAt: at(9),
    step: 0,
  },
  approvers: ['GT-2', 'operator:operator-1'],
  data: {
    ...{ rule: 'manager', summary: ['a "quoted" line'], said: [], fallback: false, reminders: 0 },
    items: [{ target: 'salesforce', entitlement: 'admin', because: 'so', hash: 'sha256:2' }],
  },
  ...more,
});

onBothDatabases('the ledger’s approvals', (under) => {
  const put = (...all: Approval[]) =>
    under.store.transaction(async (tx) => {
      const inserted: boolean[] = [];
      for (const each of all) inserted.push(await tx.openApproval(each));
      return inserted;
    });
  const ids = async (filter: object, page: object = {}) => {
    const found = await under.store.read((reader) => reader.approvals(filter, page));
    return { ids: found.items.map(({ id }) => id), next: found.next };
  };

  it('come back whole, are opened once and changed in place', async () => {
    expect(await put(approval('a'), approval('a', { state: 'void' }))).toEqual([true, false]);
    const read = () => under.store.read((reader) => reader.approval('a'));
    expect(await read()).toEqual(approval('a'));
    const change = { state: 'approved', decidedAt: at(3), decidedBy: 'GT-2', comment: 'fine\0' } as const;
    await under.store.transaction((tx) => tx.updateApproval('a', change));
    expect(await read()).toEqual(approval('a', { ...change, comment: 'fine\ufffd' }));
    expect(await under.store.transaction((tx) => tx.approval('a', { lock: true }))).toEqual(await read());
    expect(await under.store.read((reader) => reader.approval('b'))).toBeUndefined();
    await expect(under.store.transaction((tx) => tx.updateApproval('b', { step: 1 }))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('are listed by what is due first, filtered and in pages', async () => {
    await put(
      approval('a', { dueAt: at(5) }),
      approval('b', { dueAt: at(3), approvers: ['operator:GT-2'], person: 'GT-7', hash: 'sha256:9' }),
      approval('c', { dueAt: at(5), approvers: ['GT-4'] }),
      approval('d', { dueAt: at(1), state: 'void' }),
    );
    expect((await ids({})).ids).toEqual(['d', 'b', 'a', 'c']);
    expect((await ids({ open: true })).ids).toEqual(['b', 'a', 'c']);
    expect((await ids({ open: false })).ids).toEqual(['d']);
    expect((await ids({ person: 'GT-7' })).ids).toEqual(['b']);
    expect((await ids({ hash: 'sha256:9' })).ids).toEqual(['b']);
    expect((await ids({ approver: 'GT-2', open: true })).ids).toEqual(['b', 'a']);
    expect((await ids({ approver: 'operator-1', open: true })).ids).toEqual(['a']);
    expect((await ids({ approver: 'operator:operator-1', open: true })).ids).toEqual(['a']);
    const first = await ids({ open: true }, { limit: 2 });
    expect(first.ids).toEqual(['b', 'a']);
    expect(await ids({ open: true }, { limit: 2, cursor: first.next })).toEqual({ ids: ['c'], next: undefined });
  });
});

onBothDatabases('delegations', (under) => {
  const delegation = (approver: string, from: number, until: number, more: Partial<Delegation> = {}): Delegation => ({
    ...{ approver, delegate: 'GT-9', from: at(from), until: at(until), by: 'operator-1' },
    ...more,
  });
  const list = (filter: object) => under.store.read((reader) => reader.delegations(filter));

  it('hold from their first moment until before their last, and are replaced and removed by approver and beginning', async () => {
    const [one, two, other] = [delegation('GT-1', 2, 4), delegation('GT-1', 5, 7), delegation('GT-2', 3, 5)];
    await under.store.transaction(async (tx) => {
      for (const each of [two, { ...one, delegate: 'GT-8' }, one, other]) await tx.putDelegation(each);
    });
    expect(await list({})).toEqual([one, two, other]);
    expect(await list({ approver: 'GT-1' })).toEqual([one, two]);
    expect(await list({ at: at(2) })).toEqual([one]);
    expect(await list({ at: at(4) })).toEqual([other]);
    expect(await list({ after: at(5) })).toEqual([two]);
    const remove = () => under.store.transaction((tx) => tx.removeDelegation('GT-1', at(5)));
    expect([await remove(), await remove()]).toEqual([true, false]);
    expect(await list({})).toEqual([one, other]);
  });
});
