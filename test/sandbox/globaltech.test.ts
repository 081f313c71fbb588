import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/model/person.ts';
import { isDate } from '../../src/model/time.ts';
import { desiredAccess } from '../../src/policy/desired-access.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { globalTechImport, globalTechPeople, type ImportedPerson } from '../../src/sandbox/globaltech.ts';

const byId = new Map(globalTechImport.map((person) => [person.workerId, person]));

describe('GlobalTech', () => {
  it('has some 60 people, in four departments, two places, employed and contracted', () => {
    const count = (key: 'department' | 'location' | 'workerType') =>
      Object.fromEntries(
        [...new Set(globalTechImport.map((person) => person[key]))]
          .sort()
          .map((value) => [value, globalTechImport.filter((person) => person[key] === value).length]),
      );
    expect([count('department'), count('location'), count('workerType')]).toEqual([
      { Engineering: 27, Finance: 12, People: 9, Sales: 15 },
      { Berlin: 29, 'New York': 34 },
      { breakGlass: 2, contractor: 6, employee: 52, service: 3 },
    ]);
  });

  it('gives nobody the id or the address of somebody else', () => {
    expect(byId.size).toBe(globalTechImport.length);
    expect(new Set(globalTechImport.map((person) => person.email)).size).toBe(globalTechImport.length);
  });

  it('leads from everybody to one head, without a circle', () => {
    const heads = globalTechImport.map((person) => {
      const seen = new Set<string>();
      let one: ImportedPerson | undefined = person;
      while (one?.managerId !== undefined && !seen.has(one.workerId)) {
        seen.add(one.workerId);
        one = byId.get(one.managerId);
      }
      return one?.workerId;
    });
    expect(new Set(heads)).toEqual(new Set(['GT-40001']));
  });

  it('has dates that exist, and contracts that end for contractors alone and not soon', () => {
    expect(globalTechImport.filter(({ startDate }) => !isDate(startDate) || startDate > '2025-11-01')).toEqual([]);
    const ends = globalTechImport.filter(
      ({ workerType, endDate = '' }) =>
        (workerType === 'contractor') !== isDate(endDate) || (endDate !== '' && endDate < '2027-06-01'),
    );
    expect(ends).toEqual([]);
  });

  it('protects service and break-glass accounts, and nobody else', () => {
    for (const { workerType, protection } of globalTechImport) {
      expect(protection).toBe(workerType === 'service' || workerType === 'breakGlass' ? workerType : undefined);
    }
  });

  it('has Sarah Chen, her manager, and an account of hers in every target that has accounts', () => {
    expect(globalTechPeople.find(({ workerId }) => workerId === 'GT-48291')).toEqual({
      workerId: 'GT-48291',
      firstName: 'Sarah',
      lastName: 'Chen',
      email: 'schen@globaltech.example',
      login: 'schen',
      department: 'Engineering',
      jobTitle: 'Senior Solutions Engineer',
      location: 'New York',
      workerType: 'employee',
      managerId: 'GT-44310',
      privileged: false,
      targets: ['active-directory', 'aws-iam', 'cyberark', 'entra-id', 'github', 'salesforce'],
    });
    expect(byId.get('GT-44310')?.jobTitle).toBe('Manager Solutions Engineering');
  });

  it('has the accounts that its policy gives', () => {
    const policy = loadPolicy('policy.yaml');
    for (const { workerId, targets, workerType } of globalTechPeople) {
      if (workerType === 'service' || workerType === 'breakGlass') continue;
      const desired = desiredAccess(policy, asPerson(workerId), '2025-11-15T12:00:00Z').map(({ target }) => target);
      expect([workerId, desired]).toEqual([workerId, targets]);
    }
  });

  it('gives service and break-glass accounts nothing by rule', () => {
    const policy = loadPolicy('policy.yaml');
    const machines = globalTechImport.filter(({ protection }) => protection !== undefined);
    expect(machines.map(({ workerId }) => desiredAccess(policy, asPerson(workerId), '2025-11-15T12:00:00Z'))).toEqual(
      machines.map(() => []),
    );
  });
});

function asPerson(id: string): Person {
  const person = byId.get(id);
  if (person === undefined) throw new Error(`${id} is not at GlobalTech`);
  const {
    source,
    workerId,
    firstName,
    lastName,
    startDate,
    endDate,
    privileged,
    protection: _,
    ...attributes
  } = person;
  return {
    id,
    name: `${firstName} ${lastName}`,
    state: 'Active',
    epoch: 0,
    privileged: privileged === true,
    attributes,
    identifiers: [{ source, type: 'workerId', value: workerId }],
    engagements: [
      {
        id: 'e1',
        source,
        workerId,
        workerType: attributes.workerType,
        startDate,
        ...(endDate === undefined ? {} : { endDate }),
        location: attributes.location,
        primary: true,
      },
    ],
    accounts: [],
    pending: [],
    grants: [],
    facts: {},
    legalHolds: [],
  };
}
