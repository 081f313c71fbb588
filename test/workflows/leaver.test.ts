import { createHmac } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { proofText } from '../../src/model/proof.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, type LineOptions, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;

// A server of its own for each test: its clock jumps, and what one test leaves would be in the next one's way.
beforeEach(async () => {
  environment = await timeSkipping();
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
  line = undefined;
});

async function begin(targets: Record<string, FakeTarget>, more: Partial<LineOptions> = {}): Promise<Line> {
  line = await startLine({ environment, targets, ...more });
  return line;
}

const twoAccounts = () =>
  new FakeTarget([
    { id: 'schen', worker: 'GT-48291', enabled: true, entitlements: ['staff'], sessions: ['s1'] },
    { id: 'adm-schen', worker: 'GT-48291', kind: 'admin', enabled: true, entitlements: ['admins'] },
    { id: 'other', worker: 'GT-1', enabled: true },
  ]);

const exceptionsOf = async ({ store }: Line, open: boolean) =>
  (await store.transaction((tx) => tx.exceptions({ open }, {}))).items.map(({ kind, target }) => ({ kind, target }));

const proofOf = (claim: Parameters<typeof proofText>[0]) =>
  createHmac('sha256', 'proof-key-of-the-tests').update(proofText(claim)).digest('hex');

const finished = (person: string) => environment.client.workflow.getHandle(personWorkflowId(person)).result();

describe('leaver', () => {
  it('closes every account of the person in every target once, admin accounts first, and nobody else', async () => {
    const [ad, crm] = [twoAccounts(), new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true }])];
    const { send, addPerson, store } = await begin({ ad, crm });
    const person = await addPerson();
    const settlement = await (await send({ id: 'once' })).result();
    await finished(person);
    expect(settlement).toEqual({ event: 'workday:once', outcome: 'applied' });
    expect(ad.changes).toEqual([
      'disable adm-schen',
      'disable schen',
      'revoke admins of adm-schen',
      'end s1 of schen',
      'revoke staff of schen',
    ]);
    expect(crm.changes).toEqual(['disable 005']);
    expect(ad.accounts.get('other')).toMatchObject({ enabled: true });
    const record = await store.transaction((tx) => tx.person(person));
    expect(record).toMatchObject({
      state: 'Terminated',
      epoch: 1,
      pending: [],
      engagements: [{ endDate: '2025-11-15' }],
    });
    expect(record?.accounts.map(({ target, id, status }) => ({ target, id, status }))).toEqual(
      expect.arrayContaining([
        { target: 'ad', id: 'schen', status: 'disabled' },
        { target: 'ad', id: 'adm-schen', status: 'disabled' },
        { target: 'crm', id: '005', status: 'disabled' },
      ]),
    );
  });

  it('writes evidence at every station', async () => {
    const { send, addPerson, store } = await begin({ ad: twoAccounts() });
    const person = await addPerson();
    await (await send({ id: 'evidence' })).result();
    await finished(person);
    const { items } = await store.transaction((tx) => tx.evidence({ event: 'workday:evidence' }, { limit: 100 }));
    expect(items.map((row) => row.kind)).toEqual([
      'event-accepted',
      'person-identified',
      'end-begun',
      'plan-made',
      'accounts-found',
      'access-closed',
      'person-terminated',
      'access-confirmed-closed',
    ]);
    const before = await store.transaction((tx) => tx.before('workday:evidence'));
    expect(before.map(({ account, state }) => ({ account, state }))).toEqual(
      expect.arrayContaining([
        { account: 'schen', state: expect.objectContaining({ status: 'enabled', entitlements: ['staff'] }) },
        { account: 'adm-schen', state: expect.objectContaining({ status: 'enabled', entitlements: ['admins'] }) },
      ]),
    );
  });

  it('keeps trying a target that is away, and finishes when it is back', async () => {
    const ad = twoAccounts();
    let away = 5;
    ad.misbehave = () => {
      if (away-- > 0) throw new Failure('unavailable', 'no answer');
    };
    const { send, addPerson } = await begin({ ad });
    await addPerson();
    await (await send({ id: 'away' })).result();
    expect(ad.changes.filter((change) => change.startsWith('disable'))).toEqual(['disable adm-schen', 'disable schen']);
  });

  it('does not believe a target that says yes and did nothing', async () => {
    const ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }]);
    let lies = 2;
    ad.afterChange = (operation) => {
      if (operation === 'disable schen' && lies-- > 0) {
        const account = ad.accounts.get('schen');
        if (account !== undefined) account.enabled = true;
      }
    };
    const { send, addPerson } = await begin({ ad });
    await addPerson();
    await (await send({ id: 'lie' })).result();
    expect(ad.changes).toEqual(['disable schen', 'disable schen', 'disable schen']);
    expect(ad.accounts.get('schen')?.enabled).toBe(false);
  });

  it('stops no other target when one refuses, opens an exception, and closes it when the target gives in', async () => {
    const [ad, crm] = [twoAccounts(), new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true }])];
    let refuses = true;
    crm.misbehave = (operation) => {
      if (operation.startsWith('disable') && refuses) throw new Failure('refused', 'owns open cases');
    };
    const started = await begin({ ad, crm }, { policy: { retries: { refused: 3_600_000 } } });
    await started.addPerson();
    const handle = await started.send({ id: 'refuses' });
    await until(async () => (await exceptionsOf(started, true)).length === 1, 'the exception');
    expect(await exceptionsOf(started, true)).toEqual([{ kind: 'step-failed', target: 'crm' }]);
    await until(() => ad.changes.length === 5, 'the healthy target to finish');
    const person = environment.client.workflow.getHandle(personWorkflowId('GT-48291'));
    const { items } = await started.store.transaction((tx) => tx.exceptions({ open: true }, {}));
    const drop = { exception: items[0]?.id ?? '', action: 'drop' as const, by: 'operator-1' };
    const mac = proofOf({ workflowId: person.workflowId, item: drop.exception, ...drop, nonce: 'n' });
    await expect(
      person.executeUpdate('resolve', { args: [{ ...drop, reason: 'let it be', proof: { nonce: 'n', mac } }] }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('a step is done when its target says so') } });
    refuses = false;
    await person.executeUpdate('resolve', { args: [{ action: 'retry' }] });
    expect((await handle.result()).outcome).toBe('applied');
    expect(await exceptionsOf(started, true)).toEqual([]);
    expect(crm.accounts.get('005')?.enabled).toBe(false);
  });

  it('opens an exception for each target missing at the deadline, and goes on', async () => {
    const [ad, crm] = [twoAccounts(), new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true }])];
    let away = true;
    crm.misbehave = () => {
      if (away) throw new Failure('unavailable', 'no answer');
    };
    const started = await begin({ ad, crm }, { policy: { ends: { deadline: 60_000 } } });
    await started.addPerson();
    const handle = await started.send({ id: 'late' });
    await until(() => ad.changes.length === 5, 'the healthy target to finish');
    await environment.sleep(61_000);
    const late = [{ kind: 'deadline-missed', target: 'crm' }];
    const kinds = async () => (await exceptionsOf(started, true)).map(({ kind }) => kind).join();
    await until(async () => (await kinds()) === 'deadline-missed', 'the exception');
    // The warning is over when what it warned of is so: one step is one open exception.
    expect(await exceptionsOf(started, true)).toEqual(late);
    away = false;
    expect((await handle.result()).outcome).toBe('applied');
    expect(await exceptionsOf(started, true)).toEqual([]);
  });

  it('says at half of the deadline what hangs, names nothing that is done, and takes it back when that confirms', async () => {
    const [ad, crm] = [twoAccounts(), new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true }])];
    let go: () => void = () => undefined;
    const hangs = new Promise<void>((resolve) => {
      go = resolve;
    });
    crm.misbehave = (_operation, { signal }) =>
      Promise.race([hangs, new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal)))]);
    const started = await begin({ ad, crm }, { policy: { ends: { deadline: 60_000 } } });
    await started.addPerson();
    const handle = await started.send({ id: 'near' });
    await until(() => ad.changes.length === 5, 'the healthy target to finish');
    expect(await exceptionsOf(started, true)).toEqual([]);
    await environment.sleep(31_000);
    const open = async () => (await started.store.transaction((tx) => tx.exceptions({ open: true }, {}))).items;
    const [near] = await until(async () => ((await open()).length > 0 ? open() : undefined), 'the warning');
    expect(near).toMatchObject({
      ...{ kind: 'deadline-near', target: 'crm', person: 'GT-48291', event: 'workday:near' },
      reason: expect.stringMatching(/in crm: half of the time is over, and crm has not confirmed. The deadline is /),
    });
    go();
    expect((await handle.result()).outcome).toBe('applied');
    const { items } = await started.store.transaction((tx) => tx.exceptions({ person: 'GT-48291' }, {}));
    expect(items.map(({ kind, target, resolution }) => [kind, target, resolution])).toEqual([
      ['deadline-near', 'crm', { action: 'done', by: 'muster', reason: 'the target has confirmed' }],
    ]);
  });

  it('warns and misses sooner where policy gives a privileged person less time', async () => {
    const crm = new FakeTarget([{ id: '005', worker: 'GT-48291', enabled: true }]);
    let away = true;
    crm.misbehave = () => {
      if (away) throw new Failure('unavailable', 'no answer');
    };
    const ends = { deadline: 3_600_000, deadlines: [{ privileged: true, within: 60_000 }] };
    const started = await begin({ crm }, { policy: { ends } });
    await started.addPerson({ privileged: true });
    const handle = await started.send({ id: 'privileged' });
    await until(() => crm.calls.length > 0, 'the first try');
    await environment.sleep(31_000);
    await until(async () => (await exceptionsOf(started, true)).length > 0, 'the warning');
    expect(await exceptionsOf(started, true)).toEqual([{ kind: 'deadline-near', target: 'crm' }]);
    away = false;
    expect((await handle.result()).outcome).toBe('applied');
  });

  it('commits what was there before once: a retry finds the first reading and not its own empty one', async () => {
    const ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true, entitlements: ['staff', 'vpn'] }]);
    let fails = 1;
    ad.afterChange = (operation) => {
      if (operation === 'revoke staff of schen' && fails-- > 0) throw new Failure('timeout', 'the answer was lost');
    };
    const { send, addPerson, store } = await begin({ ad });
    await addPerson();
    await (await send({ id: 'before' })).result();
    const [before] = await store.transaction((tx) => tx.before('workday:before'));
    expect(before?.state).toMatchObject({ status: 'enabled', entitlements: ['staff', 'vpn'] });
    expect(ad.changes).toEqual(['disable schen', 'revoke staff of schen', 'revoke vpn of schen']);
  });

  it('reads every target again, and closes at once what was opened in between', async () => {
    const ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }]);
    const started = await begin({ ad }, { policy: { ends: { readAgainAfter: 60_000 } } });
    await started.addPerson();
    await (await started.send({ id: 'again' })).result();
    const account = ad.accounts.get('schen');
    if (account !== undefined) account.enabled = true;
    await finished('GT-48291');
    expect(ad.changes).toEqual(['disable schen', 'disable schen']);
    const { items } = await started.store.transaction((tx) => tx.exceptions({ person: 'GT-48291' }, {}));
    expect(items.map(({ kind, target, resolvedAt }) => [kind, target, resolvedAt !== undefined])).toEqual([
      ['step-failed', 'ad', true],
    ]);
  });

  it('waits for the end of the last day in the person’s own zone, and closes then', async () => {
    const ad = twoAccounts();
    const started = await begin({ ad });
    await started.addPerson();
    const today = new Date(await environment.currentTimeMs());
    const lastDay = new Date(today.getTime() + 10 * 86_400_000).toISOString().slice(0, 10);
    const settlement = await (await started.send({ id: 'dated', data: { effectiveDate: lastDay } })).result();
    expect(settlement.outcome).toBe('scheduled');
    expect(ad.changes).toEqual([]);
    const [pending] = (await started.store.transaction((tx) => tx.person('GT-48291')))?.pending ?? [];
    expect(pending).toMatchObject({ kind: 'end', date: lastDay, zone: 'America/New_York' });
    await finished('GT-48291');
    expect(ad.changes).toHaveLength(5);
    expect(await environment.currentTimeMs()).toBeGreaterThanOrEqual(Date.parse(pending?.dueAt ?? ''));
    expect(await started.store.transaction((tx) => tx.arrival('workday:dated'))).toMatchObject({ outcome: 'applied' });
  });

  it('never touches a break-glass account: the event is held, and a person is asked', async () => {
    const ad = twoAccounts();
    const started = await begin({ ad });
    await started.addPerson({ protection: 'breakGlass' });
    await started.send({ id: 'protected' });
    await until(async () => (await exceptionsOf(started, true)).length === 1, 'the exception');
    expect(await exceptionsOf(started, true)).toEqual([{ kind: 'protected-person', target: undefined }]);
    expect(ad.calls).toEqual([]);
    expect(await started.store.transaction((tx) => tx.arrival('workday:protected'))).toMatchObject({ outcome: 'held' });
  });

  it('lets an operator whom the API vouches for drop what is held, and nobody else', async () => {
    const ad = twoAccounts();
    const started = await begin({ ad });
    await started.addPerson({ protection: 'service' });
    const handle = await started.send({ id: 'held' });
    const [open] = await until(async () => {
      const { items } = await started.store.transaction((tx) => tx.exceptions({ open: true }, {}));
      return items.length === 1 && items;
    }, 'the exception');
    const person = environment.client.workflow.getHandle(personWorkflowId('GT-48291'));
    const drop = { exception: open?.id ?? '', action: 'drop' as const, reason: 'a service account', by: 'operator-1' };
    await expect(person.executeUpdate('resolve', { args: [drop] })).rejects.toThrow();
    const mac = proofOf({
      workflowId: person.workflowId,
      item: drop.exception,
      action: 'drop',
      by: 'operator-1',
      nonce: 'n',
    });
    await expect(
      person.executeUpdate('resolve', { args: [{ ...drop, by: 'operator-2', proof: { nonce: 'n', mac } }] }),
    ).rejects.toThrow();
    await person.executeUpdate('resolve', { args: [{ ...drop, proof: { nonce: 'n', mac } }] });
    expect((await handle.result()).outcome).toBe('dropped');
    await finished('GT-48291');
    expect(await exceptionsOf(started, true)).toEqual([]);
    expect(ad.calls).toEqual([]);
  });

  it('changes nothing for a source that is only watched, and asks for one that may only propose', async () => {
    const ad = twoAccounts();
    const started = await begin({ ad });
    await started.addPerson();
    const watched = await (await started.send({ id: 'w', source: 'watched' })).result();
    expect(watched).toMatchObject({ outcome: 'ignored', reason: expect.stringContaining('mode "observe"') });
    await started.send({ id: 'a', source: 'asked' });
    await until(async () => (await exceptionsOf(started, true)).length === 1, 'the question');
    expect(await exceptionsOf(started, true)).toEqual([{ kind: 'needs-decision', target: undefined }]);
    expect(ad.calls).toEqual([]);
    expect(await started.store.transaction((tx) => tx.person('GT-48291'))).toMatchObject({ state: 'Active', epoch: 0 });
  });

  it('leaves a shared account open and has somebody take it over', async () => {
    const ad = new FakeTarget([
      { id: 'schen', worker: 'GT-48291', enabled: true },
      { id: 'press', worker: 'GT-48291', kind: 'shared', enabled: true },
    ]);
    const started = await begin({ ad });
    await started.addPerson();
    await (await started.send({ id: 'shared' })).result();
    expect(ad.changes).toEqual(['disable schen']);
    expect(await exceptionsOf(started, true)).toEqual([{ kind: 'handover', target: 'ad' }]);
  });

  it('makes one ticket for two reports of one leaver', async () => {
    const servicenow = new FakeTarget();
    const started = await begin({ ad: twoAccounts(), servicenow });
    await started.addPerson();
    const both = await Promise.all([started.send({ id: 'hr' }), started.send({ id: 'idp', source: 'cloudevents' })]);
    const outcomes = await Promise.all(both.map((handle) => handle.result()));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'ignored']);
    expect([...servicenow.tickets.keys()]).toEqual(['offboarding:GT-48291:2025-11-15']);
  });
});
