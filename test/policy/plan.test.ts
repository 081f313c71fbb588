import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desiredAccess } from '../../src/policy/desired-access.ts';
import { type PlannedTarget, planEnd } from '../../src/policy/plan.ts';
import { engagement, policyWith, sarah, terminated } from './examples.ts';

const policy = policyWith(`transitions:
  leaver:
    tickets:
      - { target: servicenow, kind: offboarding, title: 'Offboarding {{ person.id }}', body: '{{person.name}} of {{person.department}} left on {{end.date}}; manager {{person.managerId}}' }
      - { target: servicenow, kind: hardware, title: 'Laptop of {{person.id}}', body: collect it }
`);
const target = (name: string, title: string, abilities: string[], mode: PlannedTarget['mode'] = 'enforce') => ({
  name,
  title,
  abilities,
  mode,
});
const targets: PlannedTarget[] = [
  target('salesforce', 'Salesforce', ['accounts', 'entitlements', 'sessions']),
  target('github', 'GitHub', ['accounts', 'entitlements']),
  target('servicenow', 'ServiceNow', ['tickets']),
  target('active-directory', 'Active Directory', ['accounts', 'sessions']),
];
const event = terminated({ effectiveDate: '2025-11-15', category: 'voluntary' });
const at = '2025-11-15T16:59:00.000Z';
const planned = (more: Partial<Parameters<typeof planEnd>[0]> = {}) =>
  planEnd({ person: sarah(), event, policy, targets, at, ...more });

const close = (name: string, title: string) => ({
  id: `close:${name}`,
  target: name,
  action: 'close',
  summary: `disable GT-48291 in ${title}`,
  because: 'leaver: no engagement is active any more',
  after: [],
});

describe('the plan of an end', () => {
  it('closes every target that has accounts and opens every ticket, each independent of the others', () => {
    const { hash, ...plan } = planned();
    expect(plan).toEqual({
      person: 'GT-48291',
      event: 'workday:t-1',
      policy: policy.hash,
      changes: [
        close('active-directory', 'Active Directory'),
        close('github', 'GitHub'),
        close('salesforce', 'Salesforce'),
        {
          id: 'ticket:servicenow:hardware',
          target: 'servicenow',
          action: 'ticket',
          summary: 'open hardware ticket for GT-48291 in ServiceNow',
          because: 'transitions.leaver.tickets: everybody who leaves has one of kind hardware',
          after: [],
          content: {
            kind: 'hardware',
            title: 'Laptop of GT-48291',
            body: 'collect it',
            correlationId: 'hardware:GT-48291:2025-11-15',
          },
        },
        {
          id: 'ticket:servicenow:offboarding',
          target: 'servicenow',
          action: 'ticket',
          summary: 'open offboarding ticket for GT-48291 in ServiceNow',
          because: 'transitions.leaver.tickets: everybody who leaves has one of kind offboarding',
          after: [],
          content: {
            kind: 'offboarding',
            title: 'Offboarding GT-48291',
            body: 'Sarah Chen of Sales left on 2025-11-15; manager unknown',
            correlationId: 'offboarding:GT-48291:2025-11-15',
          },
        },
      ],
      proposed: [],
      observed: [],
    });
    expect(hash).toBe(
      `sha256:${createHash('sha256')
        .update(canonicalize(plan) ?? '')
        .digest('hex')}`,
    );
  });

  it('closes targets where the directory knows no account: what there is, the target itself says', () => {
    expect(
      planned({ person: sarah({ accounts: [] }) }).changes.filter(({ action }) => action === 'close'),
    ).toHaveLength(3);
  });

  it('leaves no access', () => {
    const left = new Set(
      planned()
        .changes.filter(({ action }) => action === 'close')
        .map((change) => change.target),
    );
    const had = desiredAccess(policy, sarah(), at).map((desired) => desired.target);
    expect(had.filter((name) => !left.has(name))).toEqual([]);
  });

  it('does nothing at targets that are observed or propose, and says what it would do', () => {
    const modes = targets.map((each) => ({
      ...each,
      mode: ({ github: 'observe', servicenow: 'propose' } as const)[each.name] ?? each.mode,
    }));
    const plan = planned({ targets: modes });
    const ids = (changes: typeof plan.changes) => changes.map(({ id }) => id);
    expect([ids(plan.changes), ids(plan.proposed), ids(plan.observed)]).toEqual([
      ['close:active-directory', 'close:salesforce'],
      ['ticket:servicenow:hardware', 'ticket:servicenow:offboarding'],
      ['close:github'],
    ]);
    expect(plan.hash).not.toBe(planned().hash);
  });

  it('keeps the ticket of a target that is not connected, so that it fails in sight', () => {
    const plan = planned({ targets: targets.filter(({ name }) => name !== 'servicenow') });
    expect(plan.changes.map(({ summary }) => summary)).toContain('open offboarding ticket for GT-48291 in servicenow');
  });

  it('tells nothing of why they leave', () => {
    const secret = terminated({ effectiveDate: '2025-11-15', category: 'involuntary', reason: 'restructuring' });
    expect(JSON.stringify(planned({ event: secret }))).not.toMatch(/involuntary|restructuring/);
  });

  it('puts a name that looks like a template, or has lines, into a ticket as it stands and on one line', () => {
    const odd = planned({ person: sarah({ name: 'Sarah\n{{end.date}} $& Chen' }) });
    expect(odd.changes.find(({ id }) => id === 'ticket:servicenow:offboarding')?.content?.body).toContain(
      'Sarah {{end.date}} $& Chen of Sales',
    );
  });
});

describe('the correlation of tickets', () => {
  const correlation = (more: Partial<Parameters<typeof planEnd>[0]>) =>
    planned(more).changes.at(-1)?.content?.correlationId;

  it('is by person, transition and date, so that two sources that report one leaver make one ticket', () => {
    const identity = terminated(
      { effectiveDate: '2025-11-15' },
      { key: 'sailpoint:77', source: 'sailpoint', id: '77', subject: '2c91', receivedAt: '2025-11-15T20:00:00.000Z' },
    );
    expect(correlation({ event: identity, at: '2025-11-15T20:00:00.000Z' })).toBe(correlation({}));
  });

  it("has the source's date for a past end, however late it is carried out", () => {
    expect(correlation({ event: terminated({ effectiveDate: '2025-11-01' }), at: '2025-11-02T04:00:00.000Z' })).toBe(
      'offboarding:GT-48291:2025-11-01',
    );
  });

  it('has the day it happens where that is before the date of the source', () => {
    expect(correlation({ event: terminated({ effectiveDate: '2025-12-31', immediate: true }) })).toBe(
      'offboarding:GT-48291:2025-11-15',
    );
    const gardening = terminated({ effectiveDate: '2025-12-31', lastDayOfWork: '2025-11-30' });
    expect(correlation({ event: gardening, at: '2025-12-01T05:00:00.000Z' })).toBe('offboarding:GT-48291:2025-11-30');
  });

  it('is in the zone of the person', () => {
    const berlin = sarah({ engagements: [engagement({ location: 'Berlin' })] });
    const late = { event: terminated({ immediate: true }), at: '2025-11-15T23:30:00.000Z' };
    expect([correlation(late), correlation({ ...late, person: berlin })]).toEqual([
      'offboarding:GT-48291:2025-11-15',
      'offboarding:GT-48291:2025-11-16',
    ]);
  });
});

describe('planning', () => {
  it('twice gives the same plan, in whatever order rules, targets and tickets stand', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(targets, { minLength: targets.length }),
        fc.shuffledSubarray(policy.transitions.leaver.tickets, { minLength: 2 }),
        fc.shuffledSubarray(policy.rules, { minLength: policy.rules.length }),
        (shuffled, tickets, rules) => {
          const under = {
            ...policy,
            rules,
            transitions: { ...policy.transitions, leaver: { ...policy.transitions.leaver, tickets } },
          };
          expect(planned({ targets: shuffled, policy: under })).toEqual(planned());
        },
      ),
    );
  });

  it('gives another hash for another person, event, policy or set of changes', () => {
    const hashes = [
      planned(),
      planned({ person: sarah({ id: 'GT-1' }) }),
      planned({ event: { ...event, key: 'workday:t-2' } }),
      planned({ policy: { ...policy, hash: 'sha256:0' } }),
      planned({ targets: targets.slice(1) }),
    ].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(5);
  });

  it('asks nobody for the time: a plan made later is the same plan', () => {
    expect(planned({ at: '2025-11-15T18:30:00.000Z' })).toEqual(planned());
  });
});
