import { describe, expect, it } from 'vitest';
import type { PendingChange, Person } from '../../src/model/person.ts';
import {
  type Belongings,
  belongingsOf,
  callsOf,
  endToLookAt,
  handoverKinds,
  handoverReason,
  type Looked,
} from '../../src/policy/handover.ts';
import { engagement, noon, policyWith, sarah } from './examples.ts';

const policy = policyWith(`
contractEnds: { tell: [{ id: ends, target: mail, to: manager, title: it ends, text: it ends }] }
groups:
  alone: { people: [GT-48291] }
  by-mail: { people: [sarah@globaltech.example], operators: [] }
  deputy: { people: [GT-48291, GT-2] }
  gone: { people: [GT-48291, GT-9] }
  operators: { people: [GT-48291], operators: [operator-1] }
  others: { people: [GT-2] }
owners: { salesforce: GT-48291, github: group:alone, cyberark: GT-2 }
`);
const at = '2025-12-31T05:00:00.000Z';
const leaver = sarah({ attributes: { location: 'New York', email: 'sarah@globaltech.example' } });
const report = (id: string, more: Partial<Person> = {}) =>
  sarah({ id, identifiers: [], engagements: [engagement({ workerId: id })], ...more });
const end = (dueAt: string, more: Partial<PendingChange> = {}): PendingChange => ({
  ...{ id: 'end:workday:1', kind: 'end', dueAt, event: 'workday:1', confidential: false, data: { engagement: 'e1' } },
  ...more,
});
const look = (more: Partial<Looked> = {}): Belongings =>
  belongingsOf({
    ...{ person: leaver, policy: { ...policy, groups: {}, owners: {} }, reports: [], here: new Set<string>() },
    ...{ delegations: [], cases: [], at },
    ...more,
  });
const nothing = Object.fromEntries(handoverKinds.map((kind) => [kind, []]));

describe('what a leaver owns', () => {
  it('is nothing for most people', () => {
    expect(look()).toEqual(nothing);
  });

  it('is every report who has nobody else by then', () => {
    const to = (managerId: string, when: string) => [{ managerId, at: when }];
    const reports = [
      { person: report('GT-5'), nextManagers: [] },
      { person: report('GT-4'), nextManagers: [] },
      { person: report('moves-in-time'), nextManagers: to('GT-2', at) },
      { person: report('moves-too-late'), nextManagers: to('GT-2', '2026-01-02T05:00:00.000Z') },
      {
        person: report('moves-and-comes-back'),
        nextManagers: [...to('GT-48291', at), ...to('GT-2', '2025-12-01T05:00:00.000Z')],
      },
      { person: report('is-gone', { state: 'Terminated' }), nextManagers: [] },
      { person: report('leaves-before', { pending: [end('2025-12-20T05:00:00.000Z')] }), nextManagers: [] },
      { person: report('leaves-after', { pending: [end('2026-01-20T05:00:00.000Z')] }), nextManagers: [] },
      {
        person: report('leaves-in-secret', { pending: [end('2025-12-20T05:00:00.000Z', { confidential: true })] }),
        nextManagers: [],
      },
      {
        person: report('keeps-another-job', {
          pending: [end('2025-12-20T05:00:00.000Z')],
          engagements: [engagement(), engagement({ id: 'e2' })],
        }),
        nextManagers: [],
      },
    ];
    expect(look({ reports }).reports).toEqual([
      ...['GT-4', 'GT-5', 'keeps-another-job', 'leaves-after', 'leaves-in-secret', 'moves-and-comes-back'],
      'moves-too-late',
    ]);
  });

  it('is every account that is not theirs alone and is still there', () => {
    const account = (
      id: string,
      kind: Person['accounts'][number]['kind'],
      status: 'enabled' | 'absent' = 'enabled',
    ) => ({
      ...{ target: 'ad', id, name: id, kind, owner: leaver.id, origin: 'found' as const, status, entitlements: [] },
    });
    const accounts = [
      ...[
        account('own', 'primary'),
        account('adm', 'admin'),
        account('try', 'test'),
        account('old', 'service', 'absent'),
      ],
      ...[account('svc', 'service'), account('glass', 'breakGlass'), account('press', 'shared')],
    ];
    expect(look({ person: { ...leaver, accounts } })).toEqual({
      ...nothing,
      accounts: ['ad/glass', 'ad/press', 'ad/svc'],
    });
  });

  it('is each target that policy names them for, and each group in which nobody else works, by whatever name', () => {
    expect(look({ policy, here: new Set(['GT-48291', 'GT-2', 'sarah@globaltech.example']) })).toEqual({
      ...nothing,
      targets: ['salesforce'],
      groups: ['alone', 'by-mail', 'gone'],
    });
  });

  it('is who they stand in for and the legal holds they placed, as they were found', () => {
    expect(look({ delegations: ['GT-7', 'GT-6'], cases: ['hold:b', 'hold:a'] })).toEqual({
      ...nothing,
      delegations: ['GT-6', 'GT-7'],
      cases: ['hold:a', 'hold:b'],
    });
  });

  it('is theirs by id, worker number, address and number at other sources', () => {
    const known = sarah({
      attributes: { email: 'sarah@globaltech.example' },
      engagements: [engagement({ workerId: 'C-9', wid: 'w-1' })],
      identifiers: [{ source: 'okta', type: 'id', value: '00u1' }],
    });
    expect([...callsOf(known)]).toEqual(['GT-48291', '00u1', 'C-9', 'w-1', 'sarah@globaltech.example']);
  });
});

describe('the end that it is looked at for', () => {
  const pending = (...ends: PendingChange[]) => sarah({ pending: ends });
  const soon = '2025-11-30T05:00:00.000Z';

  it.each<[string, Person, unknown]>([
    ['none where none is to come', pending(), undefined],
    ['the next', pending(end('2026-01-30T05:00:00.000Z', { id: 'later' }), end(soon)), end(soon)],
    [
      'none while another job keeps their access',
      sarah({ pending: [end(soon)], engagements: [engagement(), engagement({ id: 'e2' })] }),
      undefined,
    ],
    ['none where it must not show yet', pending(end(soon, { confidential: true })), undefined],
    [
      'the one that shows in the place of one that must not',
      pending(end(soon), end('2025-11-20T05:00:00.000Z', { id: 'secret', confidential: true })),
      end(soon),
    ],
    [
      'none where the end of another job must not show, and its going on would keep their access',
      sarah({
        pending: [end(soon), end(soon, { id: 'secret', confidential: true, data: { engagement: 'e2' } })],
        engagements: [engagement(), engagement({ id: 'e2' })],
      }),
      undefined,
    ],
    [
      'shown when the moment of a confidential one has come',
      pending(end('2025-11-15T17:00:00.000Z', { confidential: true })),
      end('2025-11-15T17:00:00.000Z', { confidential: true }),
    ],
    [
      'not that of a contract before its first reminder',
      pending(end('2025-12-17T05:00:00.000Z', { data: { engagement: 'e1', contract: true } })),
      undefined,
    ],
    [
      'that of a contract from its first reminder on',
      pending(end('2025-12-16T05:00:00.000Z', { data: { engagement: 'e1', contract: true } })),
      end('2025-12-16T05:00:00.000Z', { data: { engagement: 'e1', contract: true } }),
    ],
  ])('is %s', (_what, person, expected) => {
    expect(endToLookAt(policy, person, noon)).toEqual(expected);
  });

  it('is that of a contract at once where policy sends no reminders', () => {
    const contract = end('2026-12-16T05:00:00.000Z', { data: { engagement: 'e1', contract: true } });
    expect(endToLookAt(policyWith(), pending(contract), noon)).toEqual(contract);
  });
});

it('says who leaves when, what of theirs it is about, and who is asked meanwhile', () => {
  const of = { person: leaver, policy, end: end(at, { date: '2025-12-30' }), next: 'GT-2' };
  for (const kind of handoverKinds) {
    const reason = handoverReason(kind, ['one', 'two'], of);
    expect(reason).toContain('GT-48291 leaves on 2025-12-30 and ');
    expect(reason).toContain('one, two');
  }
  expect(handoverReason('reports', ['GT-5'], of)).toBe(
    'GT-48291 leaves on 2025-12-30 and is the manager of GT-5. Have HR enter who is next; until they have, GT-2 decides and is told in their place.',
  );
  // The end of a day is the next one's beginning: without a civil date it is read where they are.
  expect(handoverReason('reports', ['GT-5'], { ...of, end: end('2025-12-31T04:59:59.000Z') })).toContain(
    'on 2025-12-30',
  );
});
