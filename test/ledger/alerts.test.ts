import { expect, test } from 'vitest';
import type { OpenException } from '../../src/model/exception.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';

const at = '2025-11-15T10:00:00.000Z';
const later = '2025-11-15T10:31:00.000Z';

const exceptionOf = (id: string, change: Partial<OpenException> = {}): OpenException => ({
  ...{ id, kind: 'step-failed', workflowId: 'person:GT-48291', reason: 'GitHub refuses', owner: 'identity-security' },
  ...{ openedAt: at, dueAt: '2025-11-15T10:15:00.000Z' },
  ...change,
});

onBothDatabases('exceptions and their alerts', (under) => {
  const open = (...ids: string[]) =>
    under.store.transaction(async (tx) => {
      for (const id of ids) await tx.openException(exceptionOf(id, { person: 'GT-48291', target: 'github' }));
    });
  const plan = (exception: string, ...routes: string[]) =>
    under.store.transaction((tx) =>
      tx.planAlerts(routes.map((route) => ({ exception, route, target: route.split(':')[1] ?? '', sentAt: at }))),
    );
  const toSend = async (repeatBefore: string, limit = 50) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await under.store.read((reader) =>
        reader.alertsToSend(repeatBefore, { limit, ...(cursor === undefined ? {} : { cursor }) }),
      );
      found.push(...page.items.map(({ alert, exception }) => `${exception.id} ${alert.route} ${alert.times}`));
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  };

  test('a place is told once, and again when nobody has taken it; an incident is not opened again', async () => {
    await open('a', 'b');
    await plan('a', 'channel:slack:#x', 'incident:servicenow');
    await plan('a', 'channel:slack:#x');
    await plan('b', 'channel:slack:#x');
    expect(await toSend(at, 1)).toEqual(['a channel:slack:#x 0', 'a incident:servicenow 0', 'b channel:slack:#x 0']);
    await under.store.transaction(async (tx) => {
      await tx.markSent('a', 'channel:slack:#x', at);
      await tx.markSent('a', 'incident:servicenow', at, 'INC1');
      await tx.markSent('b', 'channel:slack:#x', at);
    });
    expect(await toSend('2025-11-15T09:59:59.999Z')).toEqual([]);
    expect(await toSend(at)).toEqual(['a channel:slack:#x 1', 'b channel:slack:#x 1']);
    expect(await under.store.transaction((tx) => tx.takeException('b', 'operator-1', later))).toBe(true);
    expect(await toSend(at)).toEqual(['a channel:slack:#x 1']);
    expect(await under.store.read((reader) => reader.alerts('a'))).toEqual([
      { exception: 'a', route: 'channel:slack:#x', target: 'slack', sentAt: at, times: 1 },
      { exception: 'a', route: 'incident:servicenow', target: 'servicenow', reference: 'INC1', sentAt: at, times: 1 },
    ]);
  });

  test('what is resolved is to be closed where it was told, until it is', async () => {
    await open('a');
    await plan('a', 'channel:slack:#x', 'incident:servicenow');
    const toClose = async () =>
      (await under.store.read((reader) => reader.alertsToClose({}))).items.map(({ alert }) => alert.route);
    expect(await toClose()).toEqual([]);
    await under.store.transaction((tx) => tx.resolveException('a', { action: 'done', by: 'o', reason: 'r' }, later));
    expect([await toSend(later), await toClose()]).toEqual([[], ['channel:slack:#x', 'incident:servicenow']]);
    await under.store.transaction((tx) => tx.markClosed('a', 'channel:slack:#x', later));
    expect(await toClose()).toEqual(['incident:servicenow']);
    expect(await under.store.transaction((tx) => tx.takeException('a', 'operator-1', later))).toBe(false);
  });

  const ask = (by: string, until: string) =>
    under.store.transaction((tx) => tx.askSkip('a', { by, until, reason: `because ${by}` }));
  const [until, otherDay] = ['2025-12-01T00:00:00.000Z', '2025-12-02T00:00:00.000Z'];

  test('two people skip a step, until the same moment; one alone does not, however often', async () => {
    await open('a');
    expect(await ask('operator-1', until)).toEqual({ is: 'asked' });
    expect(await ask('operator-1', until)).toEqual({ is: 'asked' });
    expect(await ask('operator-2', otherDay)).toEqual({ is: 'asked' });
    expect(await ask('operator-1', until)).toEqual({ is: 'asked' });
    expect(await under.store.read((reader) => reader.exception('a'))).toEqual({
      ...exceptionOf('a', { person: 'GT-48291', target: 'github' }),
      ...{ until, skipAskedBy: 'operator-1' },
    });
    expect(await ask('operator-2', until)).toEqual({
      is: 'agreed',
      by: 'operator-1 and operator-2',
      reason: 'operator-1: because operator-1; operator-2: because operator-2',
    });
    await under.store.transaction((tx) => tx.resolveException('a', { action: 'done', by: 'o', reason: 'r' }, at));
    expect(await ask('operator-2', until)).toEqual({ is: 'resolved' });
  });

  test('what was skipped comes back when its time is over, once, and again after it was skipped again', async () => {
    await open('a', 'b');
    await ask('operator-1', until);
    const skip = { action: 'skip', by: 'operator-1 and operator-2', reason: 'r' };
    const reopen = (now: string) => under.store.transaction((tx) => tx.reopenSkipped(now, '2025-12-31T00:00:00.000Z'));
    expect(await reopen(until)).toEqual([]);
    await under.store.transaction((tx) => tx.resolveException('a', skip, at));
    await under.store.transaction((tx) => tx.resolveException('b', { ...skip, action: 'done' }, at));
    expect(await reopen('2025-11-30T23:59:59.999Z')).toEqual([]);
    expect(await reopen(until)).toEqual([
      {
        ...exceptionOf('a#2', { person: 'GT-48291', target: 'github' }),
        reason: `Skipped until ${until} by operator-1 and operator-2, and open again. GitHub refuses`,
        openedAt: until,
        dueAt: '2025-12-31T00:00:00.000Z',
      },
    ]);
    expect(await reopen(until)).toEqual([]);
    await under.store.transaction(async (tx) => {
      await tx.askSkip('a#2', { by: 'operator-1', until: otherDay, reason: 'r' });
      await tx.resolveException('a#2', skip, until);
    });
    expect((await reopen(otherDay)).map(({ id }) => id)).toEqual(['a#3']);
  });
});
