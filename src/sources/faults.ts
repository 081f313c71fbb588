import type { z } from 'zod';
import { pointer } from './json.ts';
import type { Fault } from './source.ts';

/** A schema's complaints as faults by JSON Pointer, in words that read as a sentence after the path. */
export function faultsFrom(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.reduce<string>(pointer, '');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pointer(path, key), problem: 'is not known' }));
    }
    return [{ path, problem: wordsFor(issue) }];
  });
}

/** Our own words as they are; the library's begin with "Invalid input: expected …". */
function wordsFor(issue: z.core.$ZodIssue): string {
  const expected = /^Invalid input: expected (\S+), received (\S+)$/.exec(issue.message);
  if (expected === null) return issue.message;
  return expected[2] === 'undefined' ? 'is required' : `must be ${expected[1]}, not ${expected[2]}`;
}
