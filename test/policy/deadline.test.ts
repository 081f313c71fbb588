import { describe, expect, it } from 'vitest';
import { deadlineMs } from '../../src/policy/deadline.ts';
import { policyWith, sarah, terminated } from './examples.ts';

const minute = 60_000;
const policy = policyWith(`
ends:
  deadline: 15m
  deadlines:
    - { privileged: true, within: 10m }
    - { categories: [forCause, involuntary], within: 5m }
    - { privileged: false, categories: [retirement], within: 60m }
`);

const within = (privileged: boolean, category?: 'voluntary' | 'forCause' | 'retirement') =>
  deadlineMs(policy, sarah({ privileged }), terminated(category === undefined ? {} : { category })) / minute;

describe('the deadline of an end', () => {
  it('is the usual one where no other fits', () => {
    expect([within(false, 'voluntary'), within(false)]).toEqual([15, 15]);
  });

  it('goes by privilege and by category, and may be longer than the usual one', () => {
    expect([within(true, 'voluntary'), within(false, 'forCause'), within(false, 'retirement')]).toEqual([10, 5, 60]);
  });

  it('is the shortest of those that fit', () => {
    expect([within(true, 'forCause'), within(true, 'retirement')]).toEqual([5, 10]);
  });
});
