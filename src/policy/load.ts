import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import canonicalize from 'canonicalize';
import { parseYaml } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { compileCondition } from './conditions.ts';
import { type Policy, type PolicyFile, policySchema } from './schema.ts';

/** Reads policy.yaml. Throws `misconfigured` with every fault as `file:line:column: path: problem`, one a line. */
export function loadPolicy(path: string): Policy {
  if (!existsSync(path)) {
    throw new Failure('misconfigured', `${path} does not exist`, { advice: 'Name it by --policy or MUSTER_POLICY.' });
  }
  return parsePolicy(readFileSync(path, 'utf8'), path);
}

/** The same from its text; `file` is what faults call it. */
export function parsePolicy(text: string, file = 'policy.yaml'): Policy {
  const parsed = parseYaml(text, file, policySchema);
  const rules = parsed.rules.map((rule) => ({ ...rule, holds: compileCondition(rule.when) }));
  const requestable = parsed.requestable.map((each) => ({
    ...each,
    isAutomatic: each.automatic === undefined ? () => false : compileCondition(each.automatic),
  }));
  return { ...parsed, rules, requestable, hash: sha256(canonical(parsed)) };
}

/** SHA-256 over the RFC 8785 form of a JSON value, `sha256:…`. */
export function sha256(value: unknown): string {
  return `sha256:${createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')}`;
}

/** Comments, layout, the order of lists that are sets and ways to write a duration make no other policy. */
function canonical(policy: PolicyFile): unknown {
  return {
    ...policy,
    rules: by(
      policy.rules.map((rule) => ({
        ...rule,
        give: by(
          rule.give.map((access) => ({ ...access, entitlements: [...new Set(access.entitlements)].sort() })),
          (access) => access.target,
        ),
      })),
      (rule) => rule.id,
    ),
    transitions: {
      ...policy.transitions,
      leaver: {
        ...policy.transitions.leaver,
        tickets: by(policy.transitions.leaver.tickets, (ticket) => `${ticket.target}:${ticket.kind}`),
      },
    },
    ends: { ...policy.ends, confidential: [...new Set(policy.ends.confidential)].sort() },
  };
}

const by = <T>(items: T[], key: (item: T) => string): T[] =>
  [...items].sort((one, other) => (key(one) < key(other) ? -1 : 1));
