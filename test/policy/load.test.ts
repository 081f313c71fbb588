import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { loadPolicy, parsePolicy } from '../../src/policy/load.ts';

const smallest = `version: 1
zones: { default: Europe/Berlin }
exceptions: { owner: operations }
`;

/** The faults of a policy, one a line, as the operator reads them. */
function faultsOf(text: string): string[] {
  try {
    parsePolicy(text);
  } catch (error) {
    if (error instanceof Failure && error.code === 'misconfigured') return error.message.split('\n');
    throw error;
  }
  return [];
}

const rule = (when: string) => `${smallest}rules:
  - id: one
    why: a test
    when: ${when}
    give: [{ target: github }]
`;

const ticket = (title: string, body = 'left on {{end.date}}') => `${smallest}transitions:
  leaver:
    tickets:
      - target: servicenow
        kind: offboarding
        title: ${title}
        body: ${body}
`;

describe('the defaults', () => {
  it('are those of the contract', () => {
    const { hash: _, ...policy } = parsePolicy(smallest);
    expect(policy).toMatchObject({
      version: 1,
      zones: { default: 'Europe/Berlin', byLocation: {} },
      rules: [],
      transitions: { leaver: { tickets: [] } },
      continuityGap: 7,
      ends: {
        lastDay: 'now',
        confidential: ['involuntary', 'forCause'],
        deadline: 900_000,
        readAgainAfter: 120_000,
      },
      exceptions: { owner: 'operations', dueIn: 14_400_000 },
      retries: { first: 1_000, longest: 60_000, refused: 900_000, call: 30_000 },
    });
  });
});

describe('a fault', () => {
  it('is named with line and column, all of them at once', () => {
    expect(
      faultsOf(`version: 1
zones:
  default: Europe/Atlantis
ends:
  deadline: soon
  lastday: now
exceptions:
  owner: operations
`),
    ).toEqual([
      'policy.yaml:3:12: zones.default: is not a time zone; use a name from the IANA list, such as America/New_York',
      'policy.yaml:5:13: ends.deadline: must be a duration such as "500ms", "30s", "10m", "2h" or "30d"',
      'policy.yaml:5:3: ends: Unrecognized key: "lastday"',
    ]);
  });

  it('is a condition that cannot be read, with the character it is at', () => {
    expect(faultsOf(rule("'person.department =='"))).toEqual([
      'policy.yaml:7:11: rules.0.when: Unexpected token: EOF at character 21 of the condition; a person has id, privileged, department, jobTitle, location, managerId, workerType, email',
    ]);
  });

  it('is a condition about what nobody has', () => {
    expect(faultsOf(rule('\'person.shoeSize == "42"\''))).toEqual([
      'policy.yaml:7:11: rules.0.when: No such key: shoeSize at character 8 of the condition; a person has id, privileged, department, jobTitle, location, managerId, workerType, email',
    ]);
  });

  it('is a condition that compares unlike things, or gives no yes or no', () => {
    expect(faultsOf(rule("'person.department == 3'"))[0]).toContain('no such overload: string == int at character 1');
    expect(faultsOf(rule("'person.department'"))).toEqual([
      'policy.yaml:7:11: rules.0.when: the condition gives string, and must give true or false',
    ]);
  });

  it('is a template with a variable that nobody knows, or braces that stand alone', () => {
    expect(faultsOf(ticket('"for {{person.shoeSize}}"'))).toEqual([
      'policy.yaml:9:16: transitions.leaver.tickets.0.title: {{person.shoeSize}} is not known; there are person.id, person.name, person.department, person.jobTitle, person.location, person.managerId, person.workerType, person.email, end.date, start.date, date',
    ]);
    expect(faultsOf(ticket('"for {{person.id"'))).toEqual([
      'policy.yaml:9:16: transitions.leaver.tickets.0.title: a {{ or }} stands alone',
    ]);
  });

  it('is a template that would tell why somebody left', () => {
    for (const variable of ['end.reason', 'end.category', ' end.reason ', 'event.data.reason']) {
      expect(faultsOf(ticket('offboarding', `"because {{${variable}}}"`))).toEqual([
        `policy.yaml:10:15: transitions.leaver.tickets.0.body: {{${variable.trim()}}}: why somebody leaves never enters a ticket or a message`,
      ]);
    }
  });

  it('is a rule that stands twice, a target that one rule gives twice, a ticket that stands twice', () => {
    const rules = `${rule("'true'")}  - { id: one, why: again, when: 'true', give: [{ target: github }] }\n`;
    expect(faultsOf(rules)).toEqual(['policy.yaml:9:5: rules.1: "one" stands twice']);
    expect(faultsOf(rule("'true'").replace('}]', '}, { target: github }]'))).toEqual([
      'policy.yaml:8:32: rules.0.give.1: "github" stands twice',
    ]);
    const tickets = `${ticket('one')}      - { target: servicenow, kind: offboarding, title: two, body: two }\n`;
    expect(faultsOf(tickets)).toEqual([
      'policy.yaml:11:9: transitions.leaver.tickets.1: "servicenow:offboarding" stands twice',
    ]);
  });

  it('is a pause longer than the contract allows: taking access away never rests', () => {
    expect(faultsOf(`${smallest}retries:\n  longest: 2m\n  call: 45s\n`)).toEqual([
      'policy.yaml:5:12: retries.longest: must be 1m at most',
      'policy.yaml:6:9: retries.call: must be 30s at most',
    ]);
  });

  it('is a key that stands twice, or YAML that cannot be read', () => {
    expect(faultsOf(`${smallest}version: 1\n`)[0]).toContain('Map keys must be unique at line 4, column 1');
  });

  it('is a file that is not there', () => {
    expect(() => loadPolicy('/nowhere/policy.yaml')).toThrow('/nowhere/policy.yaml does not exist');
  });
});

describe("the policy's hash", () => {
  const written = `version: 1
zones: { default: Europe/Berlin }
rules:
  - { id: one, why: a, when: 'true', give: [{ target: github, entitlements: [x, y] }, { target: aws-iam }] }
  - { id: two, why: b, when: person.privileged, give: [{ target: github }] }
ends: { deadline: 15m, confidential: [forCause, involuntary] }
exceptions: { owner: operations }
`;
  const reordered = `# the same, otherwise written
exceptions: { dueIn: 240m, owner: operations }
ends: { confidential: [involuntary, forCause], deadline: 900s }
rules:
  - { id: two, when: person.privileged, why: b, give: [{ target: github, entitlements: [] }] }
  - { id: one, when: "true", why: a, give: [{ target: aws-iam }, { entitlements: [y, x], target: github }] }
zones: { default: Europe/Berlin, byLocation: {} }
version: 1
`;

  it('is the same for the same policy, however it is written', () => {
    expect(parsePolicy(written).hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(parsePolicy(reordered).hash).toBe(parsePolicy(written).hash);
  });

  it('is another for any change of what it says', () => {
    const changes = [
      written.replace('Berlin', 'Paris'),
      written.replace('15m', '16m'),
      written.replace('[x, y]', '[x]'),
      written.replace('person.privileged', '"!person.privileged"'),
      written.replace('owner: operations', 'owner: security'),
    ];
    expect(new Set([written, ...changes].map((text) => parsePolicy(text).hash)).size).toBe(6);
  });
});

describe("GlobalTech's policy", () => {
  it('has no fault', () => {
    expect(loadPolicy('policy.yaml').rules.length).toBeGreaterThan(9);
  });
});
