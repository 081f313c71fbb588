import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PersonNames, renameNames, reserveNames } from '../../activities/names.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { accountOf, someone } from '../directory/sarah.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { policyWith } from '../policy/examples.ts';

const policy = policyWith('names: { domain: globaltech.example, quarantine: 30d }');
const forever = policyWith('names: { domain: globaltech.example }');
const now = '2026-01-05T09:00:00.000Z';
const days = (n: number) => new Date(Date.parse(now) + n * 86_400_000).toISOString();

onBothDatabases('names', (under) => {
  const hire = (id: string, firstName: string, lastName: string, more: object = {}) =>
    under.store.transaction((tx) => tx.createPerson(someone(id, { attributes: { firstName, lastName, ...more } })));
  const withPerson =
    (make: typeof reserveNames) =>
    (id: string, by: Policy = policy, at = now): Promise<PersonNames> =>
      under.store.transaction(async (tx) => {
        const person = await tx.person(id, { lock: true });
        if (person === undefined) throw new Failure('not-found', id);
        return make(tx, by, person, at);
      });
  const reserve = withPerson(reserveNames);
  const rename = withPerson(renameNames);
  const release = (id: string, at: string) => under.store.transaction((tx) => tx.releaseNames(id, at));
  const namesOf = async (id: string) =>
    (await under.store.read((reader) => reader.namesOf(id))).map(({ kind, value, current }) => [kind, value, current]);
  const holding = (login: string) => ({ login, email: `${login}@globaltech.example` });

  it('are reserved once, and go into the record as the address by which the person is found', async () => {
    await hire('GT-1', 'Sarah', 'Chen', { department: 'Sales' });
    expect([await reserve('GT-1'), await reserve('GT-1', policy, days(1))]).toEqual([
      holding('sarah.chen'),
      holding('sarah.chen'),
    ]);
    expect(await namesOf('GT-1')).toEqual([
      ['email', 'sarah.chen@globaltech.example', true],
      ['login', 'sarah.chen', true],
    ]);
    expect(await under.store.read((reader) => reader.person('GT-1'))).toMatchObject({
      attributes: { firstName: 'Sarah', department: 'Sales', email: 'sarah.chen@globaltech.example' },
      identifiers: [{ source: 'muster', type: 'email', value: 'sarah.chen@globaltech.example' }],
    });
  });

  it('are numbered where somebody has them: by Muster, in a record, or as an account', async () => {
    for (const id of ['GT-1', 'GT-2', 'GT-3', 'GT-4']) await hire(id, 'Sarah', 'Chen');
    const byHr = { identifiers: [{ source: 'hr', type: 'email' as const, value: 'Sarah.Chen3@GlobalTech.example' }] };
    await under.store.transaction(async (tx) => {
      await tx.createPerson(someone('GT-7', byHr));
      await tx.createPerson(someone('GT-8', { attributes: { email: 'sarah.CHEN4@globaltech.example' } }));
      await tx.putAccount(accountOf('GT-7', { name: 'Sarah.Chen5', status: 'disabled' }));
      await tx.putAccount(accountOf('GT-1', { id: '2', name: 'sarah.chen6', kind: 'service' }));
      await tx.putAccount(accountOf('GT-7', { id: '3', name: 'sarah.chen7', status: 'absent' }));
    });
    const logins = [];
    for (const id of ['GT-1', 'GT-2', 'GT-3', 'GT-4']) logins.push((await reserve(id)).login);
    expect(logins).toEqual(['sarah.chen', 'sarah.chen2', 'sarah.chen7', 'sarah.chen8']);
  });

  it('are found for the thirtieth of one name, too', async () => {
    const logins = new Set<string>();
    for (let n = 1; n <= 30; n += 1) {
      await hire(`GT-${n}`, 'Sarah', 'Chen');
      logins.add((await reserve(`GT-${n}`)).login);
    }
    expect([...logins]).toEqual(['sarah.chen', ...Array.from({ length: 29 }, (_, index) => `sarah.chen${index + 2}`)]);
  });

  it('of somebody who was there before are those they have', async () => {
    await hire('GT-1', 'Sarah', 'Chen', { email: 'SChen@GlobalTech.example' });
    await hire('GT-2', 'Sarah', 'Chen', { email: 'schen@globaltech.example' });
    await hire('GT-3', 'Sarah', 'Chen', { email: 'sarah@home.example' });
    await under.store.transaction((tx) => tx.reserveName({ person: 'GT-1', kind: 'login', value: 'schen', at: now }));
    await under.store.transaction((tx) => tx.putAccount(accountOf('GT-3', { name: 'sarah.chen2' })));
    expect([await reserve('GT-2'), await reserve('GT-3')]).toEqual([holding('sarah.chen'), holding('sarah.chen2')]);
  });

  it('without rules are what the source says, and the number where it says nothing', async () => {
    const none = policyWith();
    await hire('GT-1', 'Sarah', 'Chen', { email: 'S.Chen@elsewhere.example' });
    await hire('GT-2', 'Sarah', 'Chen');
    expect([await reserve('GT-1', none), await reserve('GT-2', none)]).toEqual([
      { login: 's.chen', email: 'S.Chen@elsewhere.example' },
      { login: 'gt-2' },
    ]);
    expect([await namesOf('GT-1'), await namesOf('GT-2')]).toEqual([[], []]);
  });

  it('change with the person’s, and the old ones stay theirs', async () => {
    await hire('GT-1', 'Sarah', 'Chen');
    await reserve('GT-1');
    expect(await rename('GT-1')).toEqual(holding('sarah.chen'));
    await under.store.transaction((tx) =>
      tx.updatePerson('GT-1', { attributes: { firstName: 'Sarah', lastName: 'Miller' } }),
    );
    expect([await rename('GT-1'), await rename('GT-1'), await reserve('GT-1')]).toEqual(
      Array(3).fill(holding('sarah.miller')),
    );
    expect(await namesOf('GT-1')).toEqual([
      ['email', 'sarah.miller@globaltech.example', true],
      ['email', 'sarah.chen@globaltech.example', false],
      ['login', 'sarah.miller', true],
      ['login', 'sarah.chen', false],
    ]);
    for (const alias of ['sarah.chen@globaltech.example', 'sarah.miller@globaltech.example']) {
      expect((await under.store.read((reader) => reader.personByAlias(alias))).map(({ id }) => id)).toEqual(['GT-1']);
    }
    await hire('GT-2', 'Sarah', 'Chen');
    expect(await reserve('GT-2')).toEqual(holding('sarah.chen2'));
    await under.store.transaction((tx) =>
      tx.updatePerson('GT-1', { attributes: { firstName: 'Sarah', lastName: 'Chen' } }),
    );
    expect(await rename('GT-1')).toEqual(holding('sarah.chen'));
  });

  it('of somebody who left are given again when their quarantine is over, and lead to the new holder alone', async () => {
    await hire('GT-1', 'Sarah', 'Chen');
    await reserve('GT-1');
    await under.store.transaction((tx) =>
      tx.addIdentifier('GT-1', { source: 'hr', type: 'email', value: 'Sarah.Chen@globaltech.example' }),
    );
    await release('GT-1', now);
    await release('GT-1', days(20));
    for (const id of ['GT-2', 'GT-3', 'GT-4']) await hire(id, 'Sarah', 'Chen');
    expect(await reserve('GT-2', forever, days(99_999))).toEqual(holding('sarah.chen2'));
    expect(await reserve('GT-3', policy, days(29.99))).toEqual(holding('sarah.chen3'));
    expect(await reserve('GT-4', policy, days(30))).toEqual(holding('sarah.chen'));
    const found = await under.store.read((reader) => reader.personByAlias('sarah.chen@globaltech.example'));
    expect(found.map(({ id }) => id)).toEqual(['GT-4']);
    expect(await under.store.read((reader) => reader.person('GT-1'))).toMatchObject({
      attributes: { firstName: 'Sarah', lastName: 'Chen' },
      identifiers: [],
    });
    expect(await reserve('GT-1', policy, days(31))).toEqual(holding('sarah.chen4'));
  });

  it('whose account is still there are not given again', async () => {
    await hire('GT-1', 'Sarah', 'Chen');
    await reserve('GT-1');
    await release('GT-1', now);
    await under.store.transaction((tx) => tx.putAccount(accountOf('GT-1', { name: 'sarah.chen', status: 'disabled' })));
    await hire('GT-2', 'Sarah', 'Chen');
    expect(await reserve('GT-2', policy, days(300))).toEqual(holding('sarah.chen2'));
  });

  it('are a rehire’s own again, and out of quarantine', async () => {
    await hire('GT-1', 'Sarah', 'Chen');
    await reserve('GT-1');
    await release('GT-1', now);
    expect(await reserve('GT-1', policy, days(50))).toEqual(holding('sarah.chen'));
    await hire('GT-2', 'Sarah', 'Chen');
    expect(await reserve('GT-2', policy, days(300))).toEqual(holding('sarah.chen2'));
  });

  it('never are two people’s, however many ask at once and whatever their alphabet', async () => {
    const parts = fc.constantFrom('Sarah', 'Sára', 'Сара', '莎拉', '', 'Chen', '陈', 'Чен', 'Chén');
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(parts, parts), { minLength: 2, maxLength: 6 }), async (people) => {
        run += 1;
        const ids = people.map((_, index) => `GT-${run}-${index}`);
        for (const [index, [first, last]] of people.entries()) await hire(`GT-${run}-${index}`, first, last);
        const got = await Promise.all(ids.map((id) => reserve(id)));
        expect(new Set(got.map(({ login }) => login)).size).toBe(got.length);
        for (const [index, id] of ids.entries()) {
          expect(await under.store.read((reader) => reader.namesOf(id))).toMatchObject([
            { value: got[index]?.email },
            { value: got[index]?.login },
          ]);
        }
      }),
      { numRuns: 10 },
    );
  });
});
