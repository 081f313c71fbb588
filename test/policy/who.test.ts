import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/model/person.ts';
import { type Asking, managerOf, type Reached, resolveWho } from '../../src/policy/who.ts';
import { engagement, policyWith, sarah } from './examples.ts';

const now = '2025-11-15T17:00:00.000Z';
const one = (id: string, managerId?: string, more: Partial<Person> = {}): Person =>
  sarah({
    id,
    attributes: { email: `${id}@globaltech.example`, ...(managerId === undefined ? {} : { managerId }) },
    ...more,
  });
const among =
  (...people: Person[]) =>
  async (id: string) =>
    people.find((each) => each.id === id || each.identifiers.some(({ value }) => value === id && id.startsWith('W-')));
const end = (dueAt: string, id?: string): Person['pending'][number] => ({
  ...{ id: `end:${id ?? ''}`, kind: 'end', dueAt, event: 'workday:1', confidential: false },
  data: id === undefined ? {} : { engagement: id },
});

describe('the manager of a person', () => {
  const managed = async (...chain: Person[]) =>
    (await managerOf(one('A', 'B'), among(one('A', 'B'), ...chain), now))?.id;

  it('is who the record names, by whatever name', async () => {
    expect(await managed(one('B', 'C'), one('C'))).toBe('B');
    const known = one('B', undefined, { identifiers: [{ source: 'workday', type: 'workerId', value: 'W-7' }] });
    expect((await managerOf(one('A', 'W-7'), among(known), now))?.id).toBe('B');
  });

  it.each<[string, Partial<Person>]>([
    ['is on leave', { state: 'OnLeave' }],
    ['is suspended', { state: 'Suspended' }],
    ['left', { state: 'Terminated' }],
    ['has not started', { state: 'PreHire' }],
    ['leaves altogether in five days', { pending: [end('2025-11-20T17:00:00.000Z')] }],
    ['leaves their only job in five days', { pending: [end('2025-11-20T17:00:00.000Z', 'e1')] }],
    ['has a contract that ends in five days', { engagements: [engagement({ endDate: '2025-11-20' })] }],
    [
      'has a contract that ended, and a next one next month',
      { engagements: [engagement({ endDate: '2025-11-14' }), engagement({ id: 'e2', startDate: '2025-12-15' })] },
    ],
  ])('is the next up the chain where the nearest %s', async (_why, more) => {
    expect(await managed(one('B', 'C', more), one('C', 'D', more), one('D'))).toBe('D');
  });

  it.each<[string, Partial<Person>]>([
    [
      'leaves in six days',
      { pending: [end('2025-11-20T17:00:00.001Z')], engagements: [engagement({ endDate: '2025-11-21' })] },
    ],
    [
      'keeps another job',
      { pending: [end('2025-11-16T05:00:00.000Z', 'e2')], engagements: [engagement(), engagement({ id: 'e2' })] },
    ],
    [
      'goes on with the next contract',
      { engagements: [engagement({ endDate: '2025-11-16' }), engagement({ id: 'e2', startDate: '2025-11-17' })] },
    ],
    ['waits for something else', { pending: [{ ...end('2025-11-16T05:00:00.000Z'), kind: 'reminder' }] }],
  ])('stays who it is who %s', async (_why, more) => {
    expect(await managed(one('B', 'C', more), one('C'))).toBe('B');
  });

  it('is nobody where the chain ends, comes back to itself, or names somebody unknown', async () => {
    const gone = { state: 'Terminated' } as const;
    expect(await managed(one('B', undefined, gone))).toBeUndefined();
    expect(await managed(one('B', 'A', gone))).toBeUndefined();
    expect(await managed(one('B', 'C', gone), one('C', 'B', gone))).toBeUndefined();
    expect(await managed(one('B', 'Z', gone))).toBeUndefined();
    expect(await managerOf(one('A', 'A'), among(one('A', 'A')), now)).toBeUndefined();
    expect(await managerOf(one('A', ''), among(one('A')), now)).toBeUndefined();
  });

  it('is found or not, in any company, and is never the person nor anybody who is not there', async () => {
    const ids = ['A', 'B', 'C', 'D', 'E'];
    const company = fc.tuple(
      ...ids.map((id) =>
        fc.record({ id: fc.constant(id), managerId: fc.constantFrom(...ids, 'Z'), active: fc.boolean() }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(company, async (chosen) => {
        const people = chosen.map(({ id, managerId, active }) =>
          one(id, managerId, { state: active ? 'Active' : 'Terminated' }),
        );
        for (const person of people) {
          const manager = await managerOf(person, among(...people), now);
          if (manager !== undefined) expect([manager.state, manager.id === person.id]).toEqual(['Active', false]);
        }
      }),
    );
  });
});

describe('who is meant', () => {
  const policy = policyWith(`
groups:
  security: { people: [B, C, Z], operators: [operator-2], email: security@globaltech.example }
  quiet: { operators: [operator-1] }
owners: { salesforce: B, github: group:security }
`);
  const asking: Asking = {
    policy,
    person: one('A', 'B'),
    find: among(one('A', 'B'), one('B'), one('C', undefined, { attributes: {} })),
    now,
  };
  const nobody: Reached = { people: [], operators: [], addresses: [] };
  const b = { people: ['B'], operators: [], addresses: ['B@globaltech.example'] };
  const security = {
    people: ['B', 'C'],
    operators: ['operator-2'],
    addresses: ['security@globaltech.example', 'B@globaltech.example'],
  };

  it.each<[string, Partial<Asking>, Reached]>([
    ['manager', {}, b],
    ['formerManager', { formerManager: 'B' }, b],
    ['formerManager', {}, nobody],
    ['person', {}, { people: ['A'], operators: [], addresses: ['A@globaltech.example'] }],
    ['owner', { target: 'salesforce' }, b],
    ['owner', { target: 'github' }, security],
    ['owner', { target: 'cyberark' }, nobody],
    ['owner', {}, nobody],
    ['requester', { requester: 'B' }, b],
    ['requester', { requester: 'operator-1' }, { people: [], operators: ['operator-1'], addresses: [] }],
    ['requester', {}, nobody],
    ['group:security', {}, security],
    ['group:quiet', {}, { people: [], operators: ['operator-1'], addresses: [] }],
    ['group:unknown', {}, nobody],
  ])('by %s with %j', async (who, more, expected) => {
    expect(await resolveWho(who, { ...asking, ...more })).toEqual(expected);
  });

  it('stands in for the owner of a target who has left, as the nearest up their chain', async () => {
    const owned = (state: Person['state']) =>
      resolveWho('owner', { ...asking, target: 'salesforce', find: among(one('B', 'C', { state }), one('C')) });
    for (const state of ['Terminating', 'Terminated'] as const) expect((await owned(state)).people).toEqual(['C']);
    // Whoever is away comes back, and has named who decides meanwhile.
    for (const state of ['Active', 'OnLeave', 'Suspended'] as const) expect((await owned(state)).people).toEqual(['B']);
  });
});
