import { expect, test } from 'vitest';
import { httpUrl, secretReference } from '../../src/targets/setting-types.ts';

test.each([
  ['https://globaltech.example/base', true],
  ['http://127.0.0.1:8090/salesforce', true],
  ['http://localhost:8090', true],
  ['http://globaltech.example', false],
  ['http://127.0.0.1.globaltech.example', false],
  ['ldaps://127.0.0.1', false],
  ['globaltech.example', false],
])('%s as a base URL: %s', (url, taken) => {
  expect(httpUrl.safeParse(url).success).toBe(taken);
});

test('a secret is a reference and never itself', () => {
  expect(secretReference.safeParse('env:SALESFORCE_KEY').success).toBe(true);
  expect(secretReference.safeParse('file:secrets/salesforce.pem').success).toBe(true);
  expect(secretReference.safeParse('hunter2').success).toBe(false);
});
