import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema, parseYaml, placedFaults } from '../../src/config.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { refuseUnknownReferences, type Surroundings, unknownReferences } from '../../src/policy/references.ts';
import { demoConfig } from '../../src/sandbox/demo-config.ts';
import { surroundingsOf } from '../../src/surroundings.ts';
import { connectTargets } from '../../src/targets/connect.ts';

const around: Surroundings = {
  targets: [
    { name: 'ad', abilities: ['accounts', 'entitlements', 'mailbox', 'credentials'] },
    { name: 'vault', abilities: ['accounts'] },
    { name: 'desk', abilities: ['tickets'] },
    { name: 'mail', abilities: ['messages'] },
  ],
  sources: ['workday'],
  operators: ['operator-1'],
};

const head = `version: 1
zones: { default: UTC }
exceptions: { owner: operations }
`;

const faultsOf = (text: string) => {
  const policy = parsePolicy(head + text);
  return placedFaults(head + text, 'p.yaml', unknownReferences(policy, around)).map((fault) =>
    fault.replace(/^p\.yaml:\d+:\d+: /, ''),
  );
};

const everyday = `
rules: [{ id: all, why: all, when: 'true', approval: boss, give: [{ target: ad, entitlements: [staff] }, { target: vault }] }]
requestable:
  - { id: laptop, why: a laptop, target: warehouse, entitlement: laptop, order: { target: desk, kind: hardware, title: t, body: b } }
separationOfDuties: [{ id: d, why: d, one: [{ target: ad, entitlement: a }], other: [{ target: warehouse, entitlement: laptop }] }]
hires: { ahead: [ad], preHire: [{ target: vault }], credential: { target: ad, via: mail, to: 'group:ops' } }
leave: { reducedTo: [all] }
groups: { ops: { operators: [operator-1] } }
owners: { ad: 'group:ops', desk: GT-1 }
approvals: { rules: { boss: { steps: [{ by: manager }, { by: 'group:ops' }] } }, fallback: ops, via: [mail] }
alerts: { routes: [{ incident: desk, channel: { target: mail, name: c }, mail: { target: mail, to: ['group:ops', manager] } }] }
deliveryChecks: { workday: {} }
transitions: { leaver: { later: [{ id: m, after: 1d, do: handOverMailbox, targets: [ad] }] } }
`;

describe('the names in a policy', () => {
  it('are all there in one that is right', () => {
    expect(faultsOf(everyday)).toEqual([]);
  });

  it.each([
    [
      "rules: [{ id: a, why: a, when: 'true', give: [{ target: gone }] }]",
      'rules.0.give.0.target: muster.yaml has no target "gone"',
    ],
    [
      "rules: [{ id: a, why: a, when: 'true', give: [{ target: desk }] }]",
      'rules.0.give.0.target: the target "desk" keeps no accounts',
    ],
    [
      "rules: [{ id: a, why: a, when: 'true', give: [{ target: vault, entitlements: [x] }] }]",
      'rules.0.give.0.target: the target "vault" takes no entitlements',
    ],
    [
      "rules: [{ id: a, why: a, when: 'true', approval: nobody, give: [{ target: ad }] }]",
      'rules.0.approval: approvals.rules has no "nobody"',
    ],
    ['hires: { ahead: [mail] }', 'hires.ahead.0: the target "mail" keeps no accounts'],
    ['hires: { preHire: [{ target: mail }] }', 'hires.preHire.0.target: the target "mail" keeps no accounts'],
    [
      'hires: { credential: { target: vault, via: mail } }',
      'hires.credential.target: the target "vault" makes no first credentials',
    ],
    ['hires: { credential: { target: ad, via: desk } }', 'hires.credential.via: the target "desk" takes no messages'],
    [
      'requestable: [{ id: a, why: a, target: gone, entitlement: x }]',
      'requestable.0.target: muster.yaml has no target "gone"',
    ],
    [
      'requestable: [{ id: a, why: a, target: x, entitlement: x, order: { target: ad, kind: k, title: t, body: b } }]',
      'requestable.0.order.target: the target "ad" takes no tickets',
    ],
    [
      'separationOfDuties: [{ id: d, why: d, one: [{ target: ad, entitlement: a }], other: [{ target: gone, entitlement: b }] }]',
      'separationOfDuties.0.other.0.target: muster.yaml has no target "gone"',
    ],
    ['leave: { reducedTo: [gone] }', 'leave.reducedTo.0: no rule has the id "gone"'],
    [
      'groups: { ops: { operators: [operator-9] } }',
      'groups.ops.operators.0: muster.yaml has no operator "operator-9"',
    ],
    ['owners: { gone: GT-1 }', 'owners.gone: muster.yaml has no target "gone"'],
    ["owners: { ad: 'group:nobody' }", 'owners.ad: groups has no "nobody"'],
    [
      "approvals: { rules: { a: { steps: [{ by: 'group:nobody' }] } } }",
      'approvals.rules.a.steps.0.by: groups has no "nobody"',
    ],
    ['approvals: { fallback: nobody }', 'approvals.fallback: groups has no "nobody"'],
    ['approvals: { via: [desk] }', 'approvals.via.0: the target "desk" takes no messages'],
    ['alerts: { routes: [{ incident: mail }] }', 'alerts.routes.0.incident: the target "mail" takes no tickets'],
    [
      'alerts: { routes: [{ channel: { target: desk, name: c } }] }',
      'alerts.routes.0.channel.target: the target "desk" takes no messages',
    ],
    [
      "alerts: { routes: [{ mail: { target: mail, to: ['group:nobody'] } }] }",
      'alerts.routes.0.mail.to.0: groups has no "nobody"',
    ],
    ['deliveryChecks: { sailpoint: {} }', 'deliveryChecks.sailpoint: muster.yaml has no source "sailpoint"'],
    [
      'transitions: { moved: { messages: [{ id: m, target: gone, to: manager, title: t, text: t }] } }',
      'transitions.moved.messages.0.target: muster.yaml has no target "gone"',
    ],
    [
      "transitions: { hired: { messages: [{ id: m, target: mail, to: 'group:nobody', title: t, text: t }] } }",
      'transitions.hired.messages.0.to: groups has no "nobody"',
    ],
    [
      'transitions: { leaver: { tickets: [{ target: mail, kind: k, title: t, body: b }] } }',
      'transitions.leaver.tickets.0.target: the target "mail" takes no tickets',
    ],
    [
      'transitions: { leaver: { later: [{ id: m, after: 1d, do: handOverMailbox, targets: [vault] }] } }',
      'transitions.leaver.later.0.targets.0: the target "vault" has no mailboxes',
    ],
    [
      'contractEnds: { tell: [{ id: m, target: desk, to: manager, title: t, text: t }] }',
      'contractEnds.tell.0.target: the target "desk" takes no messages',
    ],
  ])('%s', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('are refused all at once where Muster starts', () => {
    const policy = parsePolicy(`${head}hires: { ahead: [gone] }\napprovals: { fallback: nobody }\n`);
    expect(() => refuseUnknownReferences(policy, around)).toThrowError(
      expect.objectContaining({
        code: 'misconfigured',
        message: [
          'policy: hires.ahead.0: muster.yaml has no target "gone"',
          'policy: approvals.fallback: groups has no "nobody"',
        ].join('\n'),
      }),
    );
  });

  it('are told with their line and column', () => {
    const text = `${head}hires:\n  ahead: [ad, gone]\n`;
    expect(placedFaults(text, 'p.yaml', unknownReferences(parsePolicy(text), around))).toEqual([
      'p.yaml:5:15: hires.ahead.1: muster.yaml has no target "gone"',
    ]);
  });
});

describe('the policies that come with Muster', () => {
  const sandbox = { sandboxUrl: 'http://127.0.0.1:1', ldapsUrl: 'ldaps://127.0.0.1:1', smtpUrl: 'smtp://127.0.0.1:1' };
  it.each([
    ['policy.yaml', () => configSchema.parse(demoConfig({ ...sandbox, caPath: 'ca.pem' }))],
    [
      'deploy/policy.yaml',
      () => parseYaml(readFileSync('deploy/muster.yaml', 'utf8'), 'deploy/muster.yaml', configSchema),
    ],
  ])('%s names nothing that its muster.yaml lacks', (path, config) => {
    const { targets, ...rest } = config();
    const connected = connectTargets({ targets }, async () => '');
    expect(unknownReferences(parsePolicy(readFileSync(path, 'utf8'), path), surroundingsOf(rest, connected))).toEqual(
      [],
    );
  });
});
