import { isDeepStrictEqual } from 'node:util';
import type { CaseResult } from './cases.ts';

/** One thing that a case gives otherwise than it was expected to, by its path: `end.date`. */
export interface Difference {
  path: string;
  expected: unknown;
  actual: unknown;
}

/** What a policy makes of the cases, for people: what changed in each, and how many did. */
export function caseReport(results: CaseResult[]): { text: string; changed: number } {
  const changed = results
    .map(({ name, expected, actual }) => ({ name, differences: differences(expected, actual) }))
    .filter((each) => each.differences.length > 0);
  const lines = changed.flatMap(({ name, differences: found }) => [
    name,
    ...found.flatMap(({ path, expected, actual }) => [
      `  ${path}`,
      `    - ${shown(expected)}`,
      `    + ${shown(actual)}`,
    ]),
  ]);
  const count = `${results.length} cases, ${changed.length} changed`;
  return { text: [...lines, count].join('\n'), changed: changed.length };
}

/** Where two outcomes differ, as deep as both are objects; lists are compared whole. */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  if (!isRecord(expected) || !isRecord(actual)) return [{ path, expected, actual }];
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  return names.flatMap((name) => differences(expected[name], actual[name], path === '' ? name : `${path}.${name}`));
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
