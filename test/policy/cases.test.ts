import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { caseReport } from '../../src/policy/case-report.ts';
import { runCases } from '../../src/policy/cases.ts';
import { loadPolicy, parsePolicy } from '../../src/policy/load.ts';

const cases = readFileSync('policy.cases.yaml', 'utf8');
const policyText = readFileSync('policy.yaml', 'utf8');

describe('the cases of the policy', () => {
  it('give what they say', () => {
    const { text, changed } = caseReport(runCases(loadPolicy('policy.yaml'), cases, 'policy.cases.yaml'));
    expect([text, changed]).toEqual(['23 cases, 0 changed', 0]);
  });

  it('print what a change of the policy changes, and whom it leaves alone', () => {
    const changed = parsePolicy(
      policyText
        .replace('0PSNZ5icVBKM2Q3ByW # Reports_Export', 'Forecasts')
        .replace('lastDay: now', 'lastDay: endOfDay'),
    );
    const ends = runCases(changed, cases, 'policy.cases.yaml').slice(0, 11);
    expect(caseReport(ends)).toEqual({
      changed: 2,
      text: `today is her last day, and Workday says Terminated when it is so
  end.decision
    - "now"
    + "schedule"
  end.effective
    - "2025-11-15T17:00:00.000Z"
    + nothing
  end.reason
    - "today is the last day, and policy says now"
    + nothing
  end.at
    - nothing
    + "2025-11-16T05:00:00.000Z"
  end.zone
    - nothing
    + "America/New_York"
  end.confidential
    - nothing
    + false
  end.tellSecurity
    - nothing
    + false
a contractor in Finance reads revenue and sees no intranet
  access.salesforce
    - ["0PSNZ5icVBKM2Q3ByW"]
    + ["Forecasts"]
11 cases, 2 changed`,
    });
  });

  it('show what observed and proposing targets would do, and what shared accounts and other ends make of it', () => {
    const [only] = runCases(
      parsePolicy('{version: 1, zones: {default: UTC}, exceptions: {owner: o}}'),
      `targets:
  - { name: github, title: GitHub, abilities: [accounts], mode: observe }
  - { name: salesforce, title: Salesforce, abilities: [accounts], mode: propose }
cases:
  - name: one
    now: 2025-11-15T17:00:00Z
    person: { attributes: { location: UTC }, pendingEnds: [{ dueAt: 2025-12-01T00:00:00Z, enteredAt: 2025-11-01T00:00:00Z }] }
    terminated: { immediate: true, enteredAt: 2025-11-02T00:00:00Z }
    expect: {}
`,
      'cases.yaml',
    );
    expect(only?.actual).toEqual({
      access: {},
      end: {
        decision: 'now',
        effective: '2025-11-15T17:00:00.000Z',
        date: '2025-11-15',
        reason: 'the source says at once',
        engagement: 'e1',
        endsAccess: true,
        replaces: 'pending-1',
      },
      plan: ['propose to disable GT-1 in Salesforce', 'would disable GT-1 in GitHub'],
    });
  });

  it('name a fault in their file with line and column', () => {
    expect(() =>
      runCases(
        loadPolicy('policy.yaml'),
        'targets: []\ncases:\n  - { name: one, now: 2025-11-15T17:00:00Z, expect: {}, event: {} }\n',
        'cases.yaml',
      ),
    ).toThrow('cases.yaml:3:5: cases.0: Unrecognized key: "event"');
  });
});
