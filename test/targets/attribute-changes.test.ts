import { describe, expect, test } from 'vitest';
import { type AttributeHolder, changesOf, managerWanted } from '../../src/targets/attribute-changes.ts';

const held: Record<string, string | null> = {
  given: 'Sarah',
  family: 'Chen',
  shown: 'Sarah Chen',
  unit: 'Engineering',
  post: null,
};
const holder = (other: Partial<AttributeHolder> = {}): AttributeHolder => ({
  fields: { firstName: 'given', lastName: 'family', department: 'unit', jobTitle: 'post' },
  displayName: 'shown',
  held: (field) => held[field],
  managed: [],
  ...other,
});

describe('changesOf', () => {
  test.each([
    ['nothing is wanted', {}, {}],
    ['all is as it should be', { firstName: 'Sarah', department: 'Engineering', jobTitle: null }, {}],
    ['one differs', { department: 'Sales', jobTitle: 'Lead' }, { unit: 'Sales', post: 'Lead' }],
    ['one is emptied, in either way', { department: null, firstName: '' }, { unit: null, given: null, shown: 'Chen' }],
    ['the target has no field for it', { location: 'Berlin', startDate: '2026-01-12', email: 'x@y.example' }, {}],
    ['a name changes', { lastName: 'Chen-Lee' }, { family: 'Chen-Lee', shown: 'Sarah Chen-Lee' }],
  ])('%s', (_case, wanted, changes) => {
    expect(changesOf(wanted, holder())).toEqual(changes);
  });

  test('a display name that somebody chose stays, and a target without one writes none', () => {
    const chosen = holder({ held: (field) => (field === 'shown' ? 'Dr. Chen' : held[field]) });
    expect(changesOf({ lastName: 'Lee' }, chosen)).toEqual({ family: 'Lee' });
    const { displayName: _, ...without } = holder();
    expect(changesOf({ lastName: 'Lee' }, without)).toEqual({ family: 'Lee' });
  });

  test('what another system writes is left alone, its share in the display name too', () => {
    expect(changesOf({ lastName: 'Lee', department: 'Sales' }, holder({ managed: ['lastName'] }))).toEqual({
      unit: 'Sales',
    });
  });
});

test('a manager who is not to be written is not wanted', () => {
  expect(managerWanted({ managerId: 'GT-10007' }, [])).toBe('GT-10007');
  expect(managerWanted({ managerId: null }, [])).toBeNull();
  expect(managerWanted({}, [])).toBeUndefined();
  expect(managerWanted({ managerId: 'GT-10007' }, ['managerId'])).toBeUndefined();
});
