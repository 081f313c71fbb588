import { describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { eventPriority, eventWords } from '../../src/receiver/event-words.ts';

const event = (more: Partial<IdentityEvent>): IdentityEvent => ({
  key: 'workday:msg_1',
  source: 'workday',
  id: 'msg_1',
  type: 'terminated',
  subject: 'GT-48291',
  receivedAt: '2025-11-15T12:00:00.000Z',
  effectiveDate: '2025-11-15',
  data: {},
  payloadHash: '0',
  ...more,
});
const future = { effectiveDate: '2025-12-31' };

describe('the words of an event', () => {
  it('say who is terminated, when and from where', () => {
    expect(eventWords(event({ data: { category: 'voluntary' } }))).toEqual({
      staticSummary: 'termination of GT-48291, from workday',
      staticDetails:
        '**termination** of worker GT-48291\n- effective: 2025-11-15\n- source: workday\n' +
        '- received: 2025-11-15T12:00:00.000Z\n- event: `workday:msg_1`',
    });
  });

  it('of a confidential end are those of any other change that is dated ahead', () => {
    const transfer = eventWords(event({ type: 'transferred', ...future, data: { managerId: 'GT-40022' } }));
    for (const category of ['involuntary', 'forCause', 'voluntary', undefined] as const) {
      const data = category === undefined ? {} : { category };
      expect(eventWords(event({ ...future, data }))).toEqual(transfer);
    }
    expect(transfer.staticDetails).not.toMatch(/2025-12-31|terminat|transfer/);
  });

  it.each([
    [{ data: { category: 'involuntary' } }, false],
    // The 14th is over at noon UTC in the last place on Earth.
    [{ effectiveDate: '2025-11-14', receivedAt: '2025-11-15T11:59:59.000Z', data: { category: 'involuntary' } }, false],
    [{ effectiveDate: '2025-11-14', data: { category: 'involuntary' } }, true],
    [{ ...future, data: { category: 'involuntary', immediate: true } }, true],
    [{ effectiveAt: '2025-11-15T13:00:00.000Z', data: { category: 'involuntary' } }, false],
    [{ data: { category: 'voluntary', lastDayOfWork: '2025-12-01' } }, false],
    [{ data: { category: 'voluntary' } }, true],
  ] as const)('of %j tell of a termination: %s', (more, tell) => {
    expect(eventWords(event(more)).staticSummary.includes('termination')).toBe(tell);
  });

  it('hold no name, reason or category', () => {
    const data = { category: 'forCause', immediate: true, reason: 'private', firstName: 'Sarah' } as const;
    expect(JSON.stringify(eventWords(event({ data })))).not.toMatch(/private|Sarah|cause/i);
  });

  it('say when somebody begins, because that is no secret', () => {
    const words = eventWords(event({ type: 'hired', ...future, data: { startDate: '2025-12-31' } }));
    expect(words.staticSummary).toBe('hire of GT-48291, from workday');
    expect(words.staticDetails).toContain('2025-12-31');
  });
});

it.each([
  [{}, 2],
  [{ data: { category: 'forCause' } }, 1],
  [{ data: { immediate: true } }, 1],
  [{ type: 'session-risk' }, 1],
  [{ type: 'hired' }, 2],
  [{ type: 'drift-found' }, 5],
  [{ type: 'policy-changed' }, 5],
] as const)('the workflow of %j starts at priority %i', (more, priority) => {
  expect(eventPriority(event(more))).toBe(priority);
});
