import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importPeople } from '../../src/directory/import-people.ts';
import { type ImportedPerson, readPeopleImport } from '../../src/directory/imported-person.ts';
import type { Store } from '../../src/directory/store.ts';
import { memoryStore } from '../helpers/store.ts';

const sarah: ImportedPerson = {
  source: 'workday',
  workerId: 'GT-48291',
  firstName: 'Sarah',
  lastName: 'Chen',
  email: 'schen@globaltech.example',
  department: 'Sales',
  jobTitle: 'Senior Solutions Engineer',
  location: 'New York',
  workerType: 'employee',
  managerId: 'GT-41007',
  startDate: '2021-03-15',
};
const stamp = { by: 'operator-1', at: '2025-11-15T12:00:00.000Z' };
const later = { by: 'operator-1', at: '2025-11-16T12:00:00.000Z' };

let store: Store;
beforeEach(async () => {
  store = await memoryStore();
});
afterEach(() => store.close());

const run = (people: ImportedPerson[], when = stamp) => importPeople(store, people, when);
const person = (id = 'GT-48291') => store.read((reader) => reader.person(id));
const counts = (created: number, updated: number, unchanged: number) => ({
  created,
  updated,
  unchanged,
  conflicts: [],
});

describe('an import', () => {
  it('enters somebody with their names, one engagement and a piece of evidence', async () => {
    expect(await run([sarah])).toEqual(counts(1, 0, 0));
    expect(await person()).toEqual({
      id: 'GT-48291',
      name: 'Sarah Chen',
      state: 'Active',
      epoch: 0,
      privileged: false,
      attributes: {
        firstName: 'Sarah',
        lastName: 'Chen',
        email: 'schen@globaltech.example',
        department: 'Sales',
        jobTitle: 'Senior Solutions Engineer',
        location: 'New York',
        managerId: 'GT-41007',
        workerType: 'employee',
      },
      identifiers: [
        { source: 'workday', type: 'workerId', value: 'GT-48291' },
        { source: 'workday', type: 'email', value: 'schen@globaltech.example' },
      ],
      engagements: [
        {
          id: 'workday:GT-48291:2021-03-15',
          source: 'workday',
          workerId: 'GT-48291',
          workerType: 'employee',
          startDate: '2021-03-15',
          managerId: 'GT-41007',
          location: 'New York',
          primary: true,
        },
      ],
      accounts: [],
      pending: [],
      grants: [],
      facts: {},
      legalHolds: [],
    });
    const { items } = await store.read((reader) => reader.evidence({ person: 'GT-48291' }, {}));
    expect(items).toMatchObject([
      { kind: 'person-imported', at: stamp.at, data: { change: 'created', by: 'operator-1', source: 'workday' } },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/Sarah|schen/);
  });

  it('done again changes nothing, and leaves no evidence of it', async () => {
    await run([sarah]);
    expect(await run([sarah], later)).toEqual(counts(0, 0, 1));
    expect((await store.read((reader) => reader.evidence({ person: 'GT-48291' }, {}))).items).toHaveLength(1);
  });

  it('brings a record up to date and keeps what it does not speak of', async () => {
    await run([sarah]);
    await store.transaction((tx) => tx.updatePerson('GT-48291', { attributes: { badge: '7', department: 'Sales' } }));
    const { jobTitle: _, ...rest } = sarah;
    const moved = {
      ...rest,
      email: 'sarah.chen@globaltech.example',
      location: 'Berlin',
      privileged: true,
      endDate: '2026-12-31',
    };
    expect(await run([moved], later)).toEqual(counts(0, 1, 0));
    expect(await person()).toMatchObject({
      privileged: true,
      attributes: { badge: '7', location: 'Berlin' },
      identifiers: [
        { value: 'GT-48291' },
        { value: 'schen@globaltech.example' },
        { value: 'sarah.chen@globaltech.example' },
      ],
      engagements: [{ id: 'workday:GT-48291:2021-03-15', location: 'Berlin', endDate: '2026-12-31' }],
    });
  });

  it.each([
    ['2025-11-16', undefined, 'PreHire'],
    ['2025-11-15', undefined, 'Active'],
    ['2020-01-01', '2025-11-14', 'Terminated'],
    ['2020-01-01', '2025-11-15', 'Active'],
  ])('of somebody from %s to %s makes them %s', async (startDate, endDate, state) => {
    await run([{ ...sarah, startDate, ...(endDate === undefined ? {} : { endDate }) }]);
    expect(await person()).toMatchObject({ state });
  });

  it('never brings a leaver back, nor moves the dates of somebody in flight', async () => {
    await run([sarah]);
    await store.transaction(async (tx) => {
      const [engagement] = (await tx.person('GT-48291'))?.engagements ?? [];
      if (engagement !== undefined) await tx.putEngagement('GT-48291', { ...engagement, endDate: '2025-11-15' });
      await tx.updatePerson('GT-48291', { state: 'Terminated' });
    });
    expect(await run([{ ...sarah, endDate: '2030-01-01', startDate: '2022-01-01' }], later)).toEqual(counts(0, 0, 1));
    expect(await person()).toMatchObject({
      state: 'Terminated',
      engagements: [{ startDate: '2021-03-15', endDate: '2025-11-15' }],
    });
  });

  it('leaves alone whoever might be somebody else, and does the others', async () => {
    await run([sarah, { ...sarah, workerId: 'GT-42000', email: 'other@globaltech.example', protection: 'service' }]);
    const result = await run(
      [
        { ...sarah, workerId: 'GT-50000' },
        { ...sarah, source: 'sap', email: 'third@globaltech.example' },
        { ...sarah, workerId: 'GT-42000', email: 'other@globaltech.example', protection: 'breakGlass' },
        { ...sarah, email: 'OTHER@globaltech.example' },
        { ...sarah, workerId: 'GT-50001', email: 'new@globaltech.example' },
      ],
      later,
    );
    expect(result).toEqual({
      created: 1,
      updated: 0,
      unchanged: 0,
      conflicts: [
        { workerId: 'GT-50000', problem: 'the e-mail address belongs to GT-48291' },
        { workerId: 'GT-48291', problem: 'GT-48291 is there already, and sap does not know them' },
        {
          workerId: 'GT-42000',
          problem: 'protection is given when a person is first imported, and not changed by an import',
        },
        { workerId: 'GT-48291', problem: 'the e-mail address belongs to GT-42000' },
      ],
    });
  });

  it('of more than one transaction’s worth enters everybody once', async () => {
    const many = Array.from({ length: 230 }, (_, index) => ({
      ...sarah,
      workerId: `GT-${60_000 + index}`,
      email: `p${index}@globaltech.example`,
    }));
    expect(await run(many)).toEqual(counts(230, 0, 0));
    expect(await run([...many].reverse(), later)).toEqual(counts(0, 0, 230));
  });

  it('takes the example company', async () => {
    const people = readPeopleImport(JSON.parse(readFileSync('examples/globaltech/people.json', 'utf8')));
    expect(await run(people)).toEqual(counts(people.length, 0, 0));
  });
});

it('a list with faults is refused with each by its place', () => {
  const faulty = { people: [{ ...sarah, startDate: '2025-02-30' }, { ...sarah, colour: 'red' }, sarah] };
  expect(() => readPeopleImport(faulty)).toThrow(/people\.0\.startDate: .*\npeople\.1: .*colour/s);
  expect(() => readPeopleImport({ people: [sarah, sarah] })).toThrow(/people\.1\.workerId: is there twice/);
  expect(() => readPeopleImport([])).toThrow(/\(top\)/);
});
