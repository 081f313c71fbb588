import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { Failure } from '../../src/model/failure.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
let ad: FakeTarget;
let reads: number;

const policy = parsePolicy(`
version: 1
zones: { default: America/New_York }
requestable: [{ id: wiki, why: write, target: ad, entitlement: wiki }]
exceptions: { owner: identity-operations }
`);

beforeEach(async () => {
  environment = await timeSkipping();
  reads = 0;
  ad = new FakeTarget([
    { id: 'a1', worker: 'GT-1', enabled: true, entitlements: ['old', 'other', 'wiki'] },
    { id: 'a2', worker: 'GT-2', enabled: true, entitlements: ['old'] },
  ]);
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({
    ...{ environment, targets: { ad }, policy: rest },
    certifications: {
      reviews: async () => {
        reads += 1;
        if (reads === 1) throw new Failure('unavailable', 'SailPoint is away');
        const old = { target: 'ad', entitlement: 'old' };
        return [
          {
            worker: 'GT-1',
            items: [
              { ...old, decision: 'REVOKE' },
              { privilege: 'wiki', decision: 'REVOKE' },
              { name: 'Badge', privilege: 'Badge', decision: 'REVOKE' },
            ],
          },
          { worker: 'GT-2', items: [{ ...old, decision: 'APPROVE' }] },
        ];
      },
    },
  });
  await line.addPerson({ id: 'GT-1' });
  await line.addPerson({ id: 'GT-2' });
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
  line = undefined;
});

it('a certification that names no items is read back, and what was revoked goes, for each person by themselves', async () => {
  if (line === undefined) throw new Error('no line');
  const { store } = line;
  const given = {
    id: 'c1',
    source: 'cloudevents',
    type: 'certification-signed-off',
    subject: 'cert-1',
    data: { certification: 'cert-1', effectiveDate: undefined, category: undefined },
  };
  const event = await line.send(JSON.parse(JSON.stringify(given)) as Partial<IdentityEvent> & { id: string });
  expect(await event.result()).toMatchObject({
    outcome: 'applied',
    reason: expect.stringMatching(/^read back: 2 people/) as unknown,
  });
  expect(reads).toBe(2);
  await until(() => ad.accounts.get('a1')?.entitlements?.join() === 'other', 'what was revoked to go');
  const outcome = (key: string) => until(async () => (await store.read((reader) => reader.arrival(key)))?.outcome, key);
  expect(await outcome('cloudevents:c1.GT-2')).toBe('ignored');
  await until(async () => (await outcome('cloudevents:c1.GT-1')) === 'applied', 'its end');
  expect(ad.accounts.get('a2')?.entitlements).toEqual(['old']);
  const { items } = await store.read((reader) => reader.exceptions({ open: true }, {}));
  expect(items.map(({ kind, reason }) => ({ kind, badge: reason.includes('Badge') }))).toEqual([
    { kind: 'needs-decision', badge: true },
  ]);
});
