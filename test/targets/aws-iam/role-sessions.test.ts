import { afterEach, beforeEach, expect, test } from 'vitest';
import { sarahChen } from '../bench.ts';
import { context, openAccount, type SandboxAccount } from './account.ts';

let aws: SandboxAccount;
beforeEach(async () => {
  aws = await openAccount([sarahChen('aws-iam')]);
});
afterEach(() => aws.close());

const at = (instant: string) => context({ now: instant });
const closedAt = '2025-11-15T14:30:00.000Z';

async function closed(settings: Record<string, unknown> = {}) {
  const target = aws.connect(settings);
  const account = await target.accounts.read(aws.user('schen').userId, context());
  if (account === undefined) throw new Error('schen is not there');
  await target.accounts.disable(account, at(closedAt));
  aws.asked();
  const list = async (now: string) => (await target.sessions.list(account, at(now))).map(({ id }) => id);
  const end = (role: string, now: string) => target.sessions.end(account, { id: role, kind: 'roleSession' }, at(now));
  return { target, account, list, end };
}

test('ending denies at the role what was issued to this person until now, a moment of settling included', async () => {
  const { account, end } = await closed({ roleSessionNames: ['{userName}', '{userName}@globaltech.example'] });
  expect(await end('Developer', closedAt)).toBe('changed');
  const role = aws.world().roles.find(({ name }) => name === 'Developer');
  expect(Object.entries(role?.policies ?? {}).map(([name, text]) => [name, JSON.parse(text)])).toEqual([
    [
      `LeaverDenySessions.${account.id}.${Date.parse(closedAt)}`,
      {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Action: '*',
            Resource: '*',
            Condition: {
              StringLike: { 'aws:userId': ['*:schen', '*:schen@globaltech.example'] },
              DateLessThan: { 'aws:TokenIssueTime': '2025-11-15T14:35:00.000Z' },
            },
          },
        ],
      },
    ],
  ]);
});

test('a role stands in the list until its sessions are denied, and none does once no session can live', async () => {
  const { list, end } = await closed();
  expect(await list(closedAt)).toEqual(['Developer', 'Operations']);
  await end('Developer', closedAt);
  expect(await list('2025-11-15T15:30:00.000Z')).toEqual(['Operations']);
  expect(await list('2025-11-16T02:29:00.000Z')).toEqual(['Operations']);
  expect(await list('2025-11-16T02:36:00.000Z')).toEqual([]);
});

test('the deny of an earlier end does not cover sessions taken after the person came back', async () => {
  const { target, account, list, end } = await closed();
  await end('Developer', closedAt);
  await target.accounts.enable(account, context());
  await target.accounts.disable(account, at('2025-11-15T18:00:00.000Z'));
  expect(await list('2025-11-15T18:00:00.000Z')).toEqual(['Developer', 'Operations']);
  expect(await end('Developer', '2025-11-15T18:00:00.000Z')).toBe('changed');
  expect(await list('2025-11-15T18:10:00.000Z')).toEqual(['Operations']);
});

test('a deny whose sessions have all run out is deleted when the next is written, and nothing else is', async () => {
  const { end } = await closed();
  const role = aws.world().roles.find(({ name }) => name === 'Developer');
  if (role === undefined) throw new Error('the sandbox has no role Developer');
  const old = `LeaverDenySessions.AIDAOLD.${Date.parse('2025-11-15T02:00:00.000Z')}`;
  const recent = `LeaverDenySessions.AIDARECENT.${Date.parse('2025-11-15T03:00:00.000Z')}`;
  role.policies = { [old]: '{}', [recent]: '{}', Work: '{}' };
  expect(await end('Developer', closedAt)).toBe('changed');
  expect(aws.changes()).toEqual(['DeleteRolePolicy', 'PutRolePolicy']);
  expect(Object.keys(role.policies)).toEqual([recent, 'Work', expect.stringContaining('LeaverDenySessions.AIDA')]);
});

test('a role that is gone has no sessions, and check says that the setting is wrong', async () => {
  const { target, list, end } = await closed({ roleNames: ['Gone'] });
  expect(await list(closedAt)).toEqual([]);
  expect(await end('Gone', closedAt)).toBe('already');
  await expect(target.check(context())).rejects.toMatchObject({ code: 'misconfigured' });
});

test('without role names nothing is asked, and what may live on is said', async () => {
  const { target, list } = await closed({ roleNames: [], residualHours: 8 });
  expect(await list(closedAt)).toEqual([]);
  expect(aws.asked()).toEqual([]);
  expect(target.sessions.residualMs).toBe(8 * 3_600_000);
  expect(aws.connect().sessions.residualMs).toBeUndefined();
});

test('of a user that is gone sessions are denied by the name it was seen with, and by no other', async () => {
  const { target, account, list, end } = await closed();
  aws.world().users = [];
  expect(await list(closedAt)).toEqual(['Developer', 'Operations']);
  expect(await end('Developer', closedAt)).toBe('changed');
  expect(await list(closedAt)).toEqual(['Operations']);
  expect(await target.sessions.list({ ...account, name: account.id }, context())).toEqual([]);
});
