import { afterEach, describe, expect, it } from 'vitest';
import { FakeTarget } from '../helpers/fake-target.ts';
import { until } from '../helpers/line.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
rules:
  - { id: buying, why: Purchasing enters vendors, when: 'person.department == "Purchasing"', give: [{ target: erp, entitlements: [vendors] }] }
  - { id: paying, why: Finance pays, when: 'person.department == "Finance"', give: [{ target: erp, entitlements: [payments, ledger] }] }
requestable:
  - { id: vendors, why: enter vendors, target: erp, entitlement: vendors, approval: boss }
separationOfDuties:
  - { id: pay, why: who enters vendors pays none, one: [{ target: erp, entitlement: vendors }], other: [{ target: erp, entitlement: payments }] }
approvals: { rules: { boss: { steps: [{ by: manager, within: 4h }] } } }
exceptions: { owner: identity-operations }
`;
const why = (what: string, against: string) =>
  `separation of duties stops ${what} in erp; pay (who enters vendors pays none): not together with ${against} in erp`;

const who = 'GT-48291';
let team: Team;
let erp: FakeTarget;
afterEach(() => team?.close());

async function open(department: string, accounts: ConstructorParameters<typeof FakeTarget>[0]): Promise<void> {
  erp = new FakeTarget(accounts);
  team = await Team.open({ policy, targets: { erp } });
  await team.add('GT-1', {});
  await team.add(who, { department, managerId: 'GT-1' });
}
const buyer = [{ id: 'schen', worker: who, enabled: true, entitlements: ['vendors'] }];
const payer = [{ id: 'schen', worker: who, enabled: true, entitlements: ['payments', 'ledger'] }];
const toFinance = { id: 'move', type: 'department-changed' as const, subject: who, data: { department: 'Finance' } };
const reasons = async () =>
  (await team.line.store.read((reader) => reader.exceptions({ open: true, person: who }, {}))).items.map(
    ({ reason }) => reason,
  );
const exception = (until: string, more: Record<string, unknown> = {}) => ({
  ...{
    id: 'exception',
    type: 'privilege-granted' as const,
    subject: who,
    source: 'operator',
    by: 'operator-2',
    ...more,
  },
  data: { target: 'erp', entitlement: 'vendors', exception: { rule: 'pay', reason: 'year end', until } },
});
const inHours = async (hours: number) => new Date((await team.now()) + hours * 3_600_000).toISOString();

describe('separation of duties', () => {
  it('takes old access away and reads it back before new access that is in conflict with it comes', async () => {
    await open('Purchasing', buyer);
    let lies = 1;
    erp.afterChange = (operation) => {
      const account = erp.accounts.get('schen');
      if (operation.startsWith('revoke') && account !== undefined && lies-- > 0) account.entitlements = ['vendors'];
    };
    expect(await team.say(toFinance)).toEqual({ outcome: 'applied' });
    // What has no conflict did not wait; the payments came when the vendors were seen to be gone.
    expect(erp.changes.filter((change) => /vendors|payments/.test(change))).toEqual([
      'revoke vendors of schen',
      'revoke vendors of schen',
      'grant payments to schen',
    ]);
    expect([team.access(who), (await team.record(who)).grants]).toEqual([['erp: schen on ledger,payments'], []]);
  });

  it('stops what an admin account of theirs is in conflict with, says both rules, and gives the rest', async () => {
    await open('Purchasing', [
      ...buyer,
      { id: 'adm', worker: who, kind: 'admin', enabled: true, entitlements: ['vendors'] },
    ]);
    expect(await team.say(toFinance)).toMatchObject({ outcome: 'held' });
    expect(await reasons()).toEqual([why('payments', 'vendors')]);
    expect(team.access(who)).toEqual(['erp: schen on ledger,vendors', 'erp: adm on vendors']);
    // The conflict is gone: the next plan gives what was stopped, and the move is through.
    const admin = erp.accounts.get('adm');
    if (admin !== undefined) admin.entitlements = [];
    await team.say({ id: 'anew', type: 'drift-found', subject: who, source: 'muster' });
    expect(await team.outcome('workday:move', 'applied')).toMatchObject({ outcome: 'applied' });
    expect([await reasons(), team.access(who)[0]]).toEqual([[], 'erp: schen on ledger,payments']);
  });

  it('stops a request before anybody is asked to agree to it', async () => {
    await open('Finance', payer);
    await team.say({ id: 'seen', subject: who, data: { costCenter: '1' } });
    const asked = { id: 'ask', type: 'privilege-granted' as const, subject: who, data: { privilege: 'vendors' } };
    expect(await team.say(asked)).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining(why('vendors', 'payments')),
    });
    expect([await team.questions(who), team.access(who)]).toEqual([[], ['erp: schen on ledger,payments']]);
  });

  it('has exceptions with an owner, a reason and an end, at which they take themselves back', async () => {
    await open('Finance', payer);
    await team.say({ id: 'seen', subject: who, data: { costCenter: '1' } });
    expect(await team.say(exception(await inHours(6)))).toEqual({ outcome: 'applied' });
    expect(team.access(who)).toEqual(['erp: schen on ledger,payments,vendors']);
    expect(await team.evidence(who, 'exception-granted')).toMatchObject([{ rule: 'pay', owner: 'operator-2' }]);
    await team.pass('7 hours');
    await team.comesTo(who, ['erp: schen on ledger,payments']);
    await until(async () => (await team.record(who)).grants.length === 0, 'the exception to be over');
  });

  it('has none from anybody but an operator, nor for what no rule speaks of', async () => {
    await open('Finance', payer);
    const end = await inHours(6);
    expect(await team.say(exception(end, { source: 'cloudevents' }))).toMatchObject({ outcome: 'held' });
    const other = exception(end, { id: 'other' });
    expect(await team.say({ ...other, data: { ...other.data, entitlement: 'ledger' } })).toMatchObject({
      outcome: 'held',
    });
    expect((await team.record(who)).grants).toEqual([]);
  });
});
