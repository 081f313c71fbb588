import { expect, it } from 'vitest';
import { openExceptions, resolveByHand } from '../../activities/exceptions.ts';
import { handOver, hasNextManager, lookAtBelongings } from '../../activities/handover.ts';
import type { Transaction } from '../../src/directory/store.ts';
import type { PendingChange, Person } from '../../src/model/person.ts';
import { Secrecy } from '../../src/operator/secrecy.ts';
import { accountOf, employment, someone } from '../directory/sarah.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { policyWith } from '../policy/examples.ts';
import { dependenciesOf, monday } from './asking-people.ts';

const policy = policyWith(`
contractEnds: { tell: [{ id: ends, target: mail, to: manager, title: it ends, text: it ends }] }
groups:
  desk: { people: [GT-2] }
  last: { operators: [operator-9] }
owners: { salesforce: GT-2 }
approvals: { fallback: last }
`);
const dependencies = { ...dependenciesOf(policy), timing: {} } as ReturnType<typeof dependenciesOf>;
const workflowId = 'person:GT-2';
const later = '2026-01-05T15:00:00.000Z';
const dueAt = '2026-01-31T05:00:00.000Z';
const end = (more: Partial<PendingChange> = {}): PendingChange => ({
  ...{ id: 'end:workday:t-1', kind: 'end', dueAt, date: '2026-01-30', event: 'workday:t-1', confidential: false },
  data: {},
  ...more,
});

onBothDatabases('what a leaver owns', (under) => {
  const inside = <T>(work: (tx: Transaction) => Promise<T>) => under.store.transaction(work);
  const look = (now = monday) =>
    inside(async (tx) => lookAtBelongings({ dependencies, tx, person: await personOf(tx, 'GT-2'), now, workflowId }));
  const begin = (row: PendingChange, now = monday) =>
    inside(async (tx) => {
      const person = await personOf(tx, 'GT-2');
      await tx.updatePerson('GT-2', { state: 'Terminating' });
      await tx.putPending('GT-2', row);
      await handOver({ dependencies, tx, person, now, workflowId }, row);
    });
  const leaves = (row = end()) => inside((tx) => tx.putPending('GT-2', row));
  const pending = async () => (await inside((tx) => personOf(tx, 'GT-2'))).pending[0] ?? end();
  const exceptions = async (open?: boolean) => {
    const filter = { person: 'GT-2', ...(open === undefined ? {} : { open }) };
    return (await under.store.read((reader) => reader.exceptions(filter, {}))).items;
  };
  const asked = async (open = true) =>
    (await exceptions(open)).map(({ id, about }) => `${id.slice('person:GT-2/owns/'.length)}: ${about}`).sort();
  const kinds = async (person = 'GT-2') =>
    (await under.store.read((reader) => reader.evidence({ person }, { limit: 500 }))).items.map(({ kind }) => kind);
  const byHand = (kind: string, now = later) =>
    inside((tx) =>
      tx.resolveException(`${workflowId}/owns/${kind}`, { action: 'done', by: 'operator-1', reason: 'seen to' }, now),
    );

  /** GT-2 has two people and a service account, is an owner and a group of one; over them is GT-3. */
  async function company(): Promise<void> {
    await inside(async (tx) => {
      const manager = { managerId: 'W-2' };
      const identifiers = [{ source: 'workday', type: 'workerId' as const, value: 'W-2' }];
      await tx.createPerson(someone('GT-2', { attributes: { managerId: 'GT-3' }, identifiers }));
      for (const id of ['GT-3', 'GT-4', 'GT-7']) await tx.createPerson(someone(id));
      await tx.createPerson(someone('GT-5', { attributes: manager }));
      await tx.createPerson(
        someone('GT-1', { attributes: manager, engagements: [{ ...employment, endDate: '2030-01-01' }] }),
      );
      await tx.createPerson(someone('GT-6', { attributes: manager, state: 'Terminated' }));
      await tx.putAccount(accountOf('GT-2', { target: 'ad', id: 'svc', kind: 'service' }));
      await tx.putAccount(accountOf('GT-2', { target: 'ad', id: 'own' }));
    });
  }

  it('is one exception a kind, for the next up the chain, due at the end, however often it is looked at', async () => {
    await company();
    await look();
    expect(await exceptions()).toEqual([]);
    await leaves();
    await look();
    const open = await exceptions();
    const usual = {
      kind: 'handover',
      person: 'GT-2',
      workflowId,
      owner: 'GT-3',
      openedAt: monday,
      dueAt,
      event: 'workday:t-1',
    };
    expect(open).toEqual(
      [
        ['accounts', ['ad/svc'], 'owns accounts that are not theirs alone'],
        ['groups', ['desk'], 'is the last one who works here of desk'],
        ['reports', ['GT-1', 'GT-5'], 'is the manager of GT-1, GT-5'],
        ['targets', ['salesforce'], 'is the owner of salesforce'],
      ].map(([kind, about, words]) => ({
        ...{ ...usual, id: `person:GT-2/owns/${kind}`, about },
        reason: expect.stringContaining(`GT-2 leaves on 2026-01-30 and ${words}`),
      })),
    );
    await look(later);
    expect(await exceptions()).toEqual(open);
    expect((await kinds()).filter((kind) => kind.startsWith('exception-'))).toEqual(Array(4).fill('exception-opened'));
  });

  it('is the fallback group’s where nobody up the chain stays', async () => {
    await company();
    await inside((tx) => tx.putPending('GT-3', end({ dueAt: '2026-01-08T05:00:00.000Z' })));
    await leaves();
    await look();
    const [first] = await exceptions();
    expect(first).toMatchObject({ owner: 'last', kind: 'handover' });
  });

  it('moves with the end, and closes when it is taken back', async () => {
    await company();
    await leaves();
    await look();
    const moved = { dueAt: '2026-02-28T05:00:00.000Z', date: '2026-02-27', event: 'workday:t-2' };
    await inside(async (tx) => {
      await tx.removePending('GT-2', end().id);
      await tx.putPending('GT-2', end({ ...moved, id: 'end:workday:t-2' }));
    });
    await look(later);
    expect(await asked()).toEqual(['accounts: ad/svc', 'groups: desk', 'reports: GT-1,GT-5', 'targets: salesforce']);
    for (const exception of await exceptions()) {
      expect(exception).toMatchObject({ dueAt: moved.dueAt, event: moved.event, openedAt: monday });
      expect(exception.reason).toContain('GT-2 leaves on 2026-02-27');
    }
    await inside((tx) => tx.removePending('GT-2', 'end:workday:t-2'));
    await look(later);
    expect(await asked()).toEqual([]);
    const closed = {
      resolvedAt: later,
      resolution: { action: 'done', by: 'muster', reason: 'no end of theirs is near' },
    };
    expect(await exceptions(false)).toEqual(Array(4).fill(expect.objectContaining(closed)));
  });

  it('is asked again by a later end, and not again once people have seen to it, but for what has joined', async () => {
    await company();
    await leaves();
    await look();
    for (const kind of ['reports', 'accounts', 'groups']) await byHand(kind);
    await inside((tx) => tx.createPerson(someone('GT-8', { attributes: { managerId: 'GT-2' } })));
    await look(later);
    expect(await asked()).toEqual(['reports#2: GT-8', 'targets: salesforce']);
    const row = await pending();
    expect(row.data).toEqual({ lookedAt: monday });
    await begin(row, dueAt);
    expect(await asked()).toEqual(['reports#2: GT-8', 'targets: salesforce']);
    await inside(async (tx) => {
      await tx.removePending('GT-2', row.id);
      await tx.updatePerson('GT-2', { state: 'Active' });
    });
    await look(dueAt);
    await leaves(end({ id: 'end:workday:t-9', event: 'workday:t-9', dueAt: '2026-03-31T05:00:00.000Z' }));
    await look('2026-03-01T05:00:00.000Z');
    expect(await asked()).toEqual([
      'accounts#2: ad/svc',
      'groups#2: desk',
      'reports#3: GT-1,GT-5,GT-8',
      'targets#2: salesforce',
    ]);
  });

  it('of an end that must not show is looked at when its moment has come, and not before', async () => {
    await company();
    const secret = end({ confidential: true });
    await leaves(secret);
    await look();
    expect([await exceptions(), await kinds(), await pending()]).toEqual([[], [], secret]);
    await begin(secret, dueAt);
    expect(await asked()).toEqual(['accounts: ad/svc', 'groups: desk', 'reports: GT-1,GT-5', 'targets: salesforce']);
    // Policy's time: the end itself is now.
    expect((await exceptions())[0]?.dueAt).toBe('2026-01-31T09:00:00.000Z');
  });

  it('goes by the end that shows while another that must not is to come before it', async () => {
    await company();
    await leaves();
    await look();
    const before = await exceptions();
    const secret = end({
      id: 'end:workday:t-2',
      dueAt: '2026-01-10T05:00:00.000Z',
      confidential: true,
      event: 'workday:t-2',
    });
    await leaves(secret);
    await look(later);
    expect(await exceptions()).toEqual(before);
    await begin(secret, secret.dueAt);
    // Policy's time from then on: the day that showed would be too late.
    expect((await exceptions()).map(({ id, event, dueAt }) => [id, event, dueAt])).toEqual(
      before.map(({ id }) => [id, 'workday:t-2', '2026-01-10T09:00:00.000Z']),
    );
  });

  it('is less by each report who has another manager, and is not asked of one who has one by then', async () => {
    await company();
    const changes = { id: 'change:1', kind: 'change' as const, confidential: false, dueAt: '2026-01-20T05:00:00.000Z' };
    await inside(async (tx) => {
      const event = {
        ...{ key: 'workday:m-1', source: 'workday', id: 'm-1', type: 'transferred' as const, subject: 'GT-5' },
      } as const;
      const received = { receivedAt: monday, payloadHash: 'x', data: { managerId: 'GT-7' } };
      const by = { key: event.key, workflowId: 'event:workday:m-1', firstRunId: 'r', receivedAt: monday };
      await tx.admit({ ...by, event: { ...event, ...received } });
      await tx.putPending('GT-5', { ...changes, event: event.key, data: { facts: ['managerId'] } });
      await tx.createPerson(someone('GT-8', { attributes: { managerId: 'GT-2' } }));
    });
    await leaves();
    await look();
    expect((await asked())[2]).toBe('reports: GT-1,GT-8');
    const moves = (id: string) =>
      inside(async (tx) =>
        hasNextManager(
          { dependencies, tx, person: await personOf(tx, id), now: later, workflowId: `person:${id}` },
          'W-2',
        ),
      );
    expect(await moves('GT-1')).toBe('GT-2');
    expect((await asked())[2]).toBe('reports: GT-8');
    const reports = (await exceptions()).find(({ id }) => id.endsWith('reports'));
    expect(reports?.reason).toContain('is the manager of GT-8. Have HR');
    expect(await moves('GT-1')).toBeUndefined();
    expect(await moves('GT-8')).toBe('GT-2');
    expect(await asked()).toEqual(['accounts: ad/svc', 'groups: desk', 'targets: salesforce']);
  });

  it('is told again, by whom it was not taken, when something joins it', async () => {
    await company();
    await leaves();
    await look();
    const reports = `${workflowId}/owns/reports`;
    await inside((tx) => tx.takeException(reports, 'operator-1', later));
    await look(later);
    expect(await under.store.read((reader) => reader.exception(reports))).toMatchObject({ takenBy: 'operator-1' });
    await inside((tx) => tx.createPerson(someone('GT-8', { attributes: { managerId: 'GT-2' } })));
    await look(later);
    const told = await under.store.read((reader) => reader.exception(reports));
    expect(told).toMatchObject({ about: ['GT-1', 'GT-5', 'GT-8'] });
    expect(told).not.toHaveProperty('takenBy');
  });

  it('hands over at the end what they were to see to, and frees what they had taken', async () => {
    await company();
    const other = (id: string, owner: string) =>
      ({
        id: `person:GT-4/${id}`,
        kind: 'step-failed',
        workflowId: 'person:GT-4',
        person: 'GT-4',
        reason: id,
        owner,
        openedAt: monday,
        dueAt,
      }) as const;
    await inside(async (tx) => {
      await tx.openException(other('theirs', 'GT-2'));
      await tx.openException(other('taken', 'desk'));
      await tx.openException(other('others', 'GT-7'));
      await tx.openException(other('over', 'GT-2'));
      for (const [id, by] of [
        ['taken', 'W-2'],
        ['others', 'operator-1'],
      ] as const)
        await tx.takeException(`person:GT-4/${id}`, by, monday);
      await tx.resolveException('person:GT-4/over', { action: 'done', by: 'operator-1', reason: 'done' }, monday);
    });
    await begin(end({ dueAt: monday }), later);
    const { items } = await under.store.read((reader) => reader.exceptions({ person: 'GT-4' }, {}));
    expect(items.map(({ reason, owner, takenBy }) => `${reason}: ${owner}, ${takenBy}`).sort()).toEqual([
      'others: GT-7, operator-1',
      'over: GT-2, undefined',
      'taken: desk, undefined',
      'theirs: GT-3, undefined',
    ]);
    expect((await kinds('GT-4')).filter((kind) => kind === 'exception-handed-on')).toHaveLength(2);
  });

  it('hands over at the end whom they decide for, and asks where nobody else can', async () => {
    await company();
    const until = '2026-02-01T00:00:00.000Z';
    const [past, soon] = ['2026-01-01T00:00:00.000Z', '2026-01-20T00:00:00.000Z'];
    const delegation = (approver: string, from: string, delegate = 'GT-2') => ({
      approver,
      delegate,
      from,
      until,
      by: 'operator-1',
    });
    const all = [
      delegation('GT-4', past),
      delegation('GT-7', soon),
      delegation('GT-3', past),
      delegation('GT-2', past, 'GT-7'),
    ];
    const elsewhere = delegation('GT-5', past, 'GT-7');
    await inside(async (tx) => {
      for (const each of [...all, elsewhere]) await tx.putDelegation(each);
    });
    await begin(end({ dueAt: monday }), monday);
    const inForce = await under.store.read((reader) => reader.delegations({ after: monday }));
    expect(inForce).toEqual([
      delegation('GT-3', past),
      { approver: 'GT-4', delegate: 'GT-3', from: monday, until, by: 'muster' },
      elsewhere,
      { approver: 'GT-7', delegate: 'GT-3', from: soon, until, by: 'muster' },
    ]);
    expect(await under.store.read((reader) => reader.delegations({ approver: 'GT-4' }))).toHaveLength(2);
    // GT-3 is away, and over GT-3 there is nobody.
    expect((await asked())[1]).toBe('delegations: GT-3');
    // A run that was lost begins it again.
    await begin(end({ dueAt: monday }), later);
    expect((await asked())[1]).toBe('delegations: GT-3');
  });

  it('has security alone see that they placed a legal hold, by that hold’s own event', async () => {
    await company();
    await leaves();
    await inside((tx) =>
      tx.placeLegalHold('GT-4', { id: 'hold:operator:h-1', case: 'a case', by: 'GT-2', at: monday }),
    );
    await inside((tx) =>
      tx.placeLegalHold('GT-7', { id: 'hold:operator:h-2', case: 'a case', by: 'GT-3', at: monday }),
    );
    await look();
    const held = (await exceptions()).find(({ id }) => id.endsWith('/cases'));
    expect(held).toMatchObject({ event: 'operator:h-1', about: ['hold:operator:h-1'], owner: 'security' });
    const looked = (await under.store.read((reader) => reader.evidence({ person: 'GT-2' }, {}))).items;
    expect(JSON.stringify(looked.filter(({ event }) => event === 'workday:t-1'))).not.toContain('h-1');
    const placed = { ...{ key: 'operator:h-1', source: 'operator', id: 'h-1', subject: 'GT-4' }, receivedAt: monday };
    const event = { ...placed, type: 'legal-hold-placed' as const, payloadHash: 'x', data: { case: 'a case' } };
    await inside((tx) => tx.admit({ ...placed, event, workflowId: 'event:operator:h-1', firstRunId: 'r' }));
    const shownTo = async (...roles: ('operator' | 'approver' | 'auditor' | 'security')[]) =>
      under.store.read((reader) => {
        const secrecy = new Secrecy(reader, { id: 'operator-1', roles: new Set(roles) }, later);
        return held === undefined ? Promise.resolve(false) : secrecy.showsException(held);
      });
    expect([await shownTo('operator', 'approver', 'auditor'), await shownTo('security')]).toEqual([false, true]);
  });

  it('asks once for an account: what was asked before they left is not asked when it is found again', async () => {
    await company();
    await leaves();
    await look();
    const found = (account: string) => ({
      ...{ step: `workday:t-1/close:ad/handover/${account}`, kind: 'handover' as const, target: 'ad' },
      ...{ event: 'workday:t-1', person: 'GT-2', reason: `owns ${account}` },
    });
    const requests = [found('svc'), found('unknown')];
    await openExceptions(
      { ...dependencies, store: under.store },
      { person: 'GT-2', requests, now: later, workflowId, owner: 'desk' },
    );
    expect((await exceptions(true)).filter(({ target }) => target === 'ad').map(({ reason }) => reason)).toEqual([
      'owns unknown',
    ]);
  });

  it('seen to says nothing of an end that a safeguard holds', async () => {
    await company();
    await leaves();
    await look();
    await inside((tx) => tx.putPersonEvent('GT-2', 'workday:t-1', 'held', 'held by a safeguard', monday));
    const request = { person: 'GT-2', exception: `${workflowId}/owns/reports`, action: 'done' as const };
    await resolveByHand(
      { ...dependencies, store: under.store },
      { ...request, by: 'operator-1', reason: 'moved', now: later, workflowId },
    );
    expect(await inside((tx) => tx.personEvent('GT-2', 'workday:t-1'))).toMatchObject({ outcome: 'held' });
    expect((await asked()).some((line) => line.startsWith('reports'))).toBe(false);
  });
});

async function personOf(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id);
  if (person === undefined) throw new Error(`${id} is not there`);
  return person;
}
