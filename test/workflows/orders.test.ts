import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
let targets: Record<'ad' | 'desk', FakeTarget>;

const policy = parsePolicy(`
version: 1
zones: { default: America/New_York }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.location == "New York"', give: [{ target: ad, entitlements: [staff] }] }
requestable:
  - id: ledger
    why: book invoices
    target: mainframe
    entitlement: booking
    longest: 30d
    remindBefore: 7d
    order: { target: desk, kind: access, title: 'Ledger for {{person.id}}', body: '{{person.name}} on {{date}}', within: 12m }
  - { id: printer, why: print, target: mainframe, entitlement: print, order: { target: desk, kind: access, title: P, body: P } }
  - { id: wiki, why: write, target: ad, entitlement: wiki }
exceptions: { owner: identity-operations }
`);

beforeEach(async () => {
  environment = await timeSkipping();
  targets = {
    ad: new FakeTarget([{ id: 'a1', worker: 'GT-1', enabled: true, entitlements: ['staff'] }]),
    desk: new FakeTarget(),
  };
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({ environment, targets, policy: rest });
  await line.addPerson({ id: 'GT-1' });
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
  line = undefined;
});

const running = () => {
  if (line === undefined) throw new Error('no line');
  return line;
};
const record = () => running().store.read((reader) => reader.person('GT-1'));
const evidence = async () =>
  (await running().store.read((reader) => reader.evidence({ person: 'GT-1' }, { limit: 500 }))).items;
const exceptions = async () =>
  (await running().store.read((reader) => reader.exceptions({ open: true, person: 'GT-1' }, {}))).items;
const order = () => until(() => [...targets.desk.tickets.values()][0], 'the order');

type Given = { id: string; type: IdentityEvent['type']; data: Record<string, unknown> };
const send = ({ data, ...given }: Given) =>
  running().send(
    JSON.parse(
      JSON.stringify({
        subject: 'GT-1',
        source: 'cloudevents',
        ...given,
        data: { effectiveDate: undefined, category: undefined, ...data },
      }),
    ) as Given,
  );

const decided = (...privileges: string[]): Given => ({
  id: `decided-${privileges.join('-')}`,
  type: 'access-decided',
  data: { items: privileges.map((privilege) => ({ privilege, operation: 'Add', decision: 'approved' })) },
});

describe('an order to a team that serves a system by hand', () => {
  it('is placed once with what policy says, and what it gives is theirs when the ticket is done', async () => {
    const event = await send(decided('ledger'));
    const ticket = await order();
    expect(ticket).toMatchObject({ kind: 'access', title: 'Ledger for GT-1' });
    expect(ticket.correlationId).toMatch(/^order:ledger:GT-1:\d{4}-\d\d-\d\d$/);
    expect((await record())?.grants).toEqual([]);
    Object.assign(ticket, { closedWith: 'there you are', result: 'done' });
    expect(await event.result()).toMatchObject({ outcome: 'applied', reason: 'ledger: order T1 is confirmed' });
    expect(targets.desk.tickets.size).toBe(1);
    const person = await record();
    expect(person?.grants).toMatchObject([
      { target: 'mainframe', entitlement: 'booking', origin: 'requested', because: 'ledger: book invoices' },
    ]);
    expect(person?.pending.map(({ kind }) => kind).sort()).toEqual(['grace', 'reminder']);
    expect((await evidence()).find(({ kind }) => kind === 'order-done')).toMatchObject({
      data: { what: 'ledger', number: 'T1', by: 'T1' },
    });
    // Nothing of it is any target's to write.
    expect(targets.ad.changes).toEqual([]);
  });

  it('is done at once when whoever provisions says so by an event', async () => {
    const event = await send(decided('ledger'));
    await order();
    await until(async () => (await record())?.pending[0]?.data['number'] === 'T1', 'its number');
    const said = await send({ id: 'p1', type: 'provisioning-completed', data: { order: 'T1' } });
    expect(await said.result()).toMatchObject({ outcome: 'applied' });
    expect(await event.result()).toMatchObject({ outcome: 'applied' });
    expect((await evidence()).find(({ kind }) => kind === 'order-done')).toMatchObject({
      data: { by: 'cloudevents:p1' },
    });
    expect((await record())?.grants).toHaveLength(1);
  });

  it('that is closed without being fulfilled fails, gives nothing, and asks somebody', async () => {
    const event = await send(decided('ledger'));
    Object.assign(await order(), { closedWith: 'no', result: 'failed' });
    expect(await event.result()).toMatchObject({ outcome: 'failed' });
    expect((await record())?.grants).toEqual([]);
    expect((await exceptions()).map(({ kind }) => kind)).toEqual(['needs-decision']);
  });

  it('that is late is an exception, is asked after further, and closes it when it is done', async () => {
    const event = await send(decided('ledger'));
    const ticket = await order();
    await environment.sleep('16m');
    await until(async () => (await exceptions()).some(({ kind }) => kind === 'order-overdue'), 'the exception');
    expect((await record())?.pending.map(({ kind }) => kind)).toEqual(['order']);
    Object.assign(ticket, { closedWith: 'at last', result: 'done' });
    expect(await event.result()).toMatchObject({ outcome: 'applied' });
    await until(async () => (await exceptions()).length === 0, 'its end');
  });

  it('for two things is two tickets, and its event is applied with the last', async () => {
    const event = await send(decided('ledger', 'printer', 'wiki'));
    await until(() => targets.desk.tickets.size === 2, 'both');
    const [one, other] = [...targets.desk.tickets.values()];
    Object.assign(one ?? {}, { closedWith: 'x' });
    await environment.sleep('6m');
    await until(async () => (await record())?.grants.some(({ target }) => target === 'mainframe'), 'the first');
    await until(() => targets.ad.accounts.get('a1')?.entitlements?.includes('wiki'), 'what no team serves');
    expect(
      (await running().store.read((reader) => reader.arrival('cloudevents:decided-ledger-printer-wiki')))?.settledAt,
    ).toBeUndefined();
    Object.assign(other ?? {}, { closedWith: 'y' });
    expect(await event.result()).toMatchObject({ outcome: 'applied' });
    expect((await record())?.grants.map(({ entitlement }) => entitlement).sort()).toEqual(['booking', 'print', 'wiki']);
  });

  it('is taken back when they leave', async () => {
    const event = await send(decided('ledger'));
    const ticket = await order();
    await until(async () => (await record())?.pending[0]?.data['number'] === 'T1', 'its number');
    const end = await send({ id: 'end', type: 'terminated', data: { immediate: true } });
    expect(await end.result()).toMatchObject({ outcome: 'applied' });
    await until(() => ticket.closedWith !== undefined, 'the order to be taken back');
    expect(await event.result()).toMatchObject({ outcome: 'ignored', reason: 'overtaken by cloudevents:end' });
    await until(async () => (await evidence()).some(({ kind }) => kind === 'order-withdrawn'), 'the evidence');
    expect((await record())?.grants).toEqual([]);
    expect(await exceptions()).toEqual([]);
  });

  it('that was done before they left is put to a person, for no target takes it away', async () => {
    const event = await send(decided('ledger'));
    Object.assign(await order(), { closedWith: 'x' });
    await event.result();
    await (await send({ id: 'end', type: 'terminated', data: { immediate: true } })).result();
    expect((await exceptions()).map(({ kind, target }) => ({ kind, target }))).toEqual([
      { kind: 'handover', target: 'mainframe' },
    ]);
    expect((await record())?.grants).toEqual([]);
  });
});

describe('a decision', () => {
  const outcome = async (given: Given) => (await send(given)).result();

  it('that nothing was approved, or about what policy does not know, gives nothing', async () => {
    const items = [{ privilege: 'ledger', operation: 'Add', decision: 'denied' }];
    expect(await outcome({ id: 'd1', type: 'access-decided', data: { items } })).toMatchObject({
      outcome: 'ignored',
      reason: 'nothing of it was approved',
    });
    expect(await outcome(decided('who-knows'))).toMatchObject({ outcome: 'ignored' });
    expect(targets.desk.tickets.size).toBe(0);
  });

  it('for somebody who has left gives nothing', async () => {
    await outcome({ id: 'end', type: 'terminated', data: { immediate: true } });
    expect(await outcome(decided('ledger'))).toMatchObject({ outcome: 'ignored' });
    expect(targets.desk.tickets.size).toBe(0);
  });
});

it('both workflows of an order are over when it is', async () => {
  const event = await send(decided('printer'));
  Object.assign(await order(), { closedWith: 'x' });
  await event.result();
  await environment.client.workflow.getHandle(personWorkflowId('GT-1')).result();
  expect(
    (await environment.client.workflow.getHandle(eventWorkflowId('cloudevents:decided-printer')).describe()).status
      .name,
  ).toBe('COMPLETED');
});
