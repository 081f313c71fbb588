import { expect, test } from 'vitest';
import { z } from 'zod';
import { bodyOf, failureOf, saysNotFound } from '../../../src/targets/cyberark/failure.ts';
import { kindOfName, settingsSchema } from '../../../src/targets/cyberark/settings.ts';
import type { HttpAnswer } from '../../../src/targets/http-client.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, text, json: () => JSON.parse(text) };
};

test('a failure says the call and the code, and leaves out the message, which names users', () => {
  const body = { ErrorCode: 'ITATS003E', ErrorMessage: 'User [schen] does not exist.', Details: '' };
  expect(failureOf('read user 12', answer(500, body), 'Look there.')).toMatchObject({
    code: 'unavailable',
    message: 'CyberArk: read user 12 answered 500 ITATS003E',
    advice: undefined,
  });
});

test('the advice about rights comes with a 403 alone, and Retry-After is passed on', () => {
  expect(failureOf('list safes', answer(403, {}), 'Give the right.').advice).toBe('Give the right.');
  expect(failureOf('list safes', answer(429, '', { 'retry-after': '7' }))).toMatchObject({
    code: 'throttled',
    retryAfterMs: 7_000,
  });
});

test('gone is what CyberArk itself calls not found, and not a 404 of something in between', () => {
  expect(saysNotFound(answer(404, { ErrorCode: 'PASWS044E', ErrorMessage: '', Details: '' }))).toBe(true);
  expect(saysNotFound(answer(404, '<h2>404 - File or directory not found.</h2>'))).toBe(false);
});

test('a body of another form is named by path, never by value', () => {
  const wrong = answer(200, { id: 'schen' });
  expect(() => bodyOf('read user 12', wrong, z.object({ id: z.int() }))).toThrowError(
    'CyberArk: read user 12 answered another form than documented, at id',
  );
});

const settings = {
  baseUrl: 'https://pvwa.globaltech.example/PasswordVault',
  login: { type: 'vault', username: 'svc-muster', password: 'env:CYBERARK_PASSWORD' },
};

test('the most exact pattern decides the kind', () => {
  const parsed = settingsSchema.parse(settings);
  expect(['schen', 'adm-schen', 'ADM-SCHEN', 'GT-48291'].map((name) => kindOfName(parsed, name))).toEqual([
    'primary',
    'admin',
    'admin',
    'primary',
  ]);
});

test.each([
  ['a secret that is no reference', { login: { ...settings.login, password: 'secret' } }, 'login.password'],
  ['plain http to another machine', { baseUrl: 'http://pvwa.globaltech.example/PasswordVault' }, 'baseUrl'],
  ['a user name without a placeholder', { userNames: [{ pattern: 'root', kind: 'admin' }] }, 'userNames.0.pattern'],
  ['a setting that nobody knows', { saves: true }, ''],
])('%s is named by its path', (_what, wrong, path) => {
  const issues = settingsSchema.safeParse({ ...settings, ...wrong }).error?.issues ?? [];
  expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
