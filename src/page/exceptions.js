// The open exceptions, and what somebody says is to become of one.
import { ask } from './ask.js';
import { fillAnew, find, overdue, workflowLink } from './elements.js';
import { actions, openForm } from './form.js';

const titles = {
  retry: 'Try it again now',
  done: 'It is done, by hand',
  drop: 'Drop it: nothing is to come of it',
  release: 'Release it: the event is applied as it came (security)',
  attach: 'Attach the event to a person',
};

export function showExceptions(items) {
  fillAnew(
    find('exceptions'),
    ['due', 'kind', 'person', 'target', 'what is wrong', 'owner', 'alerted', 'resolve'],
    items,
    (item) => [
      overdue(item.dueAt),
      workflowLink(item.workflowId, item.kind),
      item.person,
      item.target,
      item.reason,
      item.owner,
      item.alert,
      actions(...actionsFor(item).map((action) => [action, () => open(item, action)])),
    ],
  );
}

/** What waits for an answer takes these: the watch's own finds, a refused event, an event without a person, a person. */
function actionsFor({ id, workflowId }) {
  if (id.startsWith('watch/')) return ['done'];
  // It closes when the hold does, which has a list of its own.
  if (workflowId.startsWith('hold:')) return [];
  if (workflowId.startsWith('refusal:')) return ['drop'];
  if (workflowId.startsWith('event:')) return ['retry', 'attach', 'drop'];
  return /\/to-release(#\d+)?$/.test(id) ? ['release', 'done', 'drop'] : ['retry', 'done', 'drop'];
}

function open(item, action) {
  openForm({
    title: titles[action],
    which: item.reason,
    does: action,
    fields: [
      ...(action === 'attach'
        ? [{ name: 'person', label: 'Person: worker id, e-mail or any other name', required: true }]
        : []),
      { name: 'reason', label: 'Reason', required: action !== 'retry' },
    ],
    post: async (values) => {
      const { said, exception } = await ask(`/api/exceptions/${encodeURIComponent(item.id)}`, { action, ...values });
      return `${said}. ${exception.resolvedAt ? 'Resolved.' : 'It is still open.'}`;
    },
  });
}
