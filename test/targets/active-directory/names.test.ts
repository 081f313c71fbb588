import { describe, expect, test } from 'vitest';
import {
  domainOf,
  guidBytes,
  guidText,
  isGuid,
  liesIn,
  parentOf,
  partsOf,
  plainValue,
  rdnOf,
  sameName,
} from '../../../src/targets/active-directory/names.ts';

describe('distinguished names', () => {
  test('are taken apart at commas that are not escaped', () => {
    const dn = 'CN=Chen\\, Sarah,OU=Sales \\2C EMEA,DC=corp,DC=example';
    expect(partsOf(dn)).toEqual(['CN=Chen\\, Sarah', 'OU=Sales \\2C EMEA', 'DC=corp', 'DC=example']);
    expect(rdnOf(dn)).toBe('CN=Chen\\, Sarah');
    expect(plainValue(rdnOf(dn))).toBe('Chen, Sarah');
    expect(parentOf(dn)).toBe('OU=Sales \\2C EMEA,DC=corp,DC=example');
    expect(domainOf(dn)).toBe('corp.example');
  });

  test('keep an escaped backslash before a comma that separates', () => {
    expect(partsOf('CN=back\\\\,OU=x')).toEqual(['CN=back\\\\', 'OU=x']);
    expect(plainValue('CN=a\\\\41')).toBe('a\\41');
  });

  test.each([
    ['CN=Chen\\, Sarah,OU=x', 'cn=chen\\2c sarah, ou=X', true],
    ['CN=Zo\\c3\\ab,OU=x', 'CN=Zoë,OU=x', true],
    ['CN=a,OU=x', 'CN=a,OU=y', false],
    ['CN=a\\,OU=x', 'CN=a,OU=x', false],
  ])('%s and %s name the same: %s', (one, other, same) => {
    expect(sameName(one, other)).toBe(same);
  });

  test.each([
    ['CN=a,OU=Admins,DC=x', 'ou=admins,dc=x', true],
    ['OU=Admins,DC=x', 'OU=Admins,DC=x', true],
    ['CN=a,OU=No Admins,DC=x', 'OU=Admins,DC=x', false],
    ['CN=a\\,OU=Admins,DC=x', 'OU=Admins,DC=x', false],
  ])('%s lies in %s: %s', (dn, container, inside) => {
    expect(liesIn(dn, container)).toBe(inside);
  });
});

test('an objectGUID’s first three fields are little-endian, and it goes both ways', () => {
  const bytes = Buffer.from('56a40c225de3ba4f8a04cd74def9344c', 'hex');
  expect(guidText(bytes)).toBe('220ca456-e35d-4fba-8a04-cd74def9344c');
  expect(guidBytes('220ca456-e35d-4fba-8a04-cd74def9344c').equals(bytes)).toBe(true);
});

test.each(['', 'schen', '220ca456-e35d-4fba-8a04-cd74def9344c>', '220ca456e35d4fba8a04cd74def9344c'])(
  '"%s" is no GUID, so it gets into no name',
  (text) => {
    expect(isGuid(text)).toBe(false);
  },
);
