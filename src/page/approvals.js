// What people are asked to agree to.
import { ask } from './ask.js';
import { fillAnew, find, overdue, workflowLink } from './elements.js';
import { actions, openForm } from './form.js';

export function showApprovals(items) {
  fillAnew(
    find('approvals'),
    ['due', 'person', 'what', 'rule', 'asked', 'asked for by', 'agreed', 'decide'],
    items,
    (approval) => [
      overdue(approval.dueAt),
      workflowLink(`person:${approval.person}`, approval.person),
      approval.summary.join('; '),
      approval.rule,
      approval.approvers.join(', '),
      approval.requestedBy,
      approval.said.map(({ by }) => by).join(', '),
      actions(['approve', () => open(approval, 'approve')], ['refuse', () => open(approval, 'refuse')]),
    ],
  );
}

function open(approval, decision) {
  openForm({
    title: decision === 'approve' ? 'Approve' : 'Refuse',
    which: approval.summary.join('; '),
    does: decision,
    fields: [{ name: 'comment', label: 'Comment' }],
    post: async (values) => {
      const { said } = await ask(`/api/approvals/${encodeURIComponent(approval.id)}`, { decision, ...values });
      return said;
    },
  });
}
