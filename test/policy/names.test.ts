import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNumbered, type NameRules, numbered, wantedLogin } from '../../src/policy/names.ts';
import { sarah } from './examples.ts';

const rules = (more: Partial<NameRules> = {}): NameRules => ({
  login: '{first}.{last}',
  domain: 'globaltech.example',
  maxLength: 20,
  quarantine: 'forever',
  ...more,
});
const called = (firstName: string, lastName: string, id = 'GT-48291') =>
  sarah({ id, attributes: { firstName, lastName } });

/** Letters of many alphabets, marks, blanks and things that are no letters at all. */
const alphabets = fc.constantFrom(
  ...[
    'abcXYZ',
    'äöüßéñøłő',
    'Владимир',
    'Ελένη',
    '陳大文',
    'さくら',
    '김민준',
    'محمد',
    'שרה',
    'राज',
    'สมชาย',
    'ქეთი',
    'Հայկ',
  ],
  ...["O'Neill", 'Anna-Maria', 'van der Berg', '..', '--', '🙂', ' \t', '\u0301', '\0', ''],
);
const name = fc
  .array(fc.oneof(alphabets, fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 4 })
  .map((parts) => parts.join(''));
const template = fc.constantFrom(
  '{first}.{last}',
  '{f}{last}',
  '{first}_{l}',
  '{id}',
  'x-{last}-{id}',
  '{last}',
  'e{id}',
);

describe('a login', () => {
  it.each([
    ['Sarah', 'Chen', 'sarah.chen'],
    ['Zoë', "O'Neill", 'zoe.oneill'],
    ['Anna-Maria', 'van der Berg', 'anna-maria.vanderber'],
    ['Jürgen', 'Groß', 'jurgen.gross'],
    ['Владимир', 'Иванов', 'vladimir.ivanov'],
    ['大文', '陳', 'dawen.chen'],
    ['', 'Chen', 'chen'],
    ['J.R.', 'Dot', 'jr.dot'],
    ['\u0301', ' ', 'gt-48291'],
  ])('of %s %s is %s', (first, last, expected) => {
    expect(wantedLogin(rules(), called(first, last))).toBe(expected);
  });

  it('is made by the template of first and last name, initials and number', () => {
    const by = (login: string) => wantedLogin(rules({ login }), called('Sarah', 'Chen'));
    expect(['{f}{last}', '{first}{l}', '{id}', '{Last}-X'].map(by)).toEqual(['schen', 'sarahc', 'gt-48291', 'chen-x']);
  });

  it('is made of the whole name where a source says no parts, and of the number where it says no name', () => {
    expect(wantedLogin(rules(), sarah({ attributes: {} }))).toBe('sarah.chen');
    expect(wantedLogin(rules(), sarah({ name: 'Prince', attributes: {} }))).toBe('prince');
    expect(wantedLogin(rules(), sarah({ name: 'GT-48291', attributes: {} }))).toBe('gt-48291');
  });

  it('is something that every system takes, whatever the alphabet, and numbers make it others of the same kind', () => {
    fc.assert(
      fc.property(
        name,
        name,
        fc.oneof(name, fc.constant('GT-48291')),
        template,
        fc.integer({ min: 4, max: 64 }),
        (first, last, id, login, maxLength) => {
          const wanted = wantedLogin(rules({ login, maxLength }), called(first, last, id));
          const all = Array.from({ length: 30 }, (_, index) => index + 1).map((n) => numbered(wanted, n, maxLength));
          for (const each of all) {
            expect(each).toMatch(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/);
            expect(each).not.toMatch(/[._-]{2}/);
            expect(each.length).toBeLessThanOrEqual(maxLength);
            expect(isNumbered(each, wanted, maxLength)).toBe(true);
          }
          // `ab1` cut for `2` and for `12` may be the same: one that is tried again does no harm.
          expect(new Set(all).size).toBeGreaterThan(15);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of another name is not one of its numbers', () => {
    expect(
      ['sarah.chen1', 'sarah.chen02', 'sarah.chent', 'sarah.che2', 'sara.chen2'].filter((each) =>
        isNumbered(each, 'sarah.chen', 20),
      ),
    ).toEqual([]);
  });
});
