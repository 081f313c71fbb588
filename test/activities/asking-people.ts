import type { ApprovalRequest } from '../../activities/approvals.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Store } from '../../src/directory/store.ts';
import type { AskedItem } from '../../src/model/approval.ts';
import type { Policy } from '../../src/policy/schema.ts';
import { someone } from '../directory/sarah.ts';
import { policyWith } from '../policy/examples.ts';

/** A Monday, 09:00 in New York. */
export const monday = '2026-01-05T14:00:00.000Z';

/** Approvals by one manager, by two in order, by owners, by a group, and by nobody who may. */
export const approvalPolicy = policyWith(`
groups:
  security: { people: [GT-5], operators: [operator-2], email: security@globaltech.example }
  quiet: { operators: [operator-1, operator-2] }
  last: { operators: [operator-9] }
owners: { salesforce: GT-6, github: group:quiet, cyberark: group:security }
approvals:
  fallback: last
  fallbackWithin: 1bd
  rules:
    manager: { steps: [{ by: manager, within: 2bd, remind: 4bh }] }
    both: { steps: [{ by: manager, within: 8bh }, { by: 'group:security', within: 1d }] }
    owner: { steps: [{ by: owner, within: 4h }] }
    self: { steps: [{ by: person }] }
    asker: { steps: [{ by: requester }] }
`);

/** The same where nobody is asked in the end. */
export const noFallback: Policy = { ...approvalPolicy, approvals: { ...approvalPolicy.approvals } };
delete (noFallback.approvals as { fallback?: string }).fallback;

export const dependenciesOf = (policy: Policy = approvalPolicy): Dependencies =>
  ({ policy }) as Partial<Dependencies> as Dependencies;

export const item = (target = 'salesforce'): AskedItem => ({
  ...{ target, entitlement: 'admin', because: 'they asked', hash: `sha256:of-${target}` },
});

/** Sarah's question, with her manager GT-2, theirs GT-3, and whoever the groups name. */
export async function company(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    const berlin = { location: 'Berlin' };
    await tx.createPerson(someone('GT-1', { attributes: { managerId: 'GT-2', email: 'sarah@globaltech.example' } }));
    await tx.createPerson(someone('GT-2', { attributes: { managerId: 'GT-3', location: 'New York' } }));
    for (const id of ['GT-3', 'GT-4', 'GT-5', 'GT-6']) await tx.createPerson(someone(id, { attributes: berlin }));
  });
}

export const question = (rule: string, more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  ...{ person: 'GT-1', event: 'servicenow:r-1', rule, hash: `sha256:${'a'.repeat(64)}`, summary: ['GT-1 gets admin'] },
  ...{ items: [item()], now: monday, workflowId: 'person:GT-1' },
  ...more,
});
