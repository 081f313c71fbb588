// The open exceptions, and the dialog in which somebody says what is to become of one.
import { ask } from './ask.js';
import { button, element, fill, find, moment, workflowLink } from './elements.js';

const titles = {
  retry: 'Try it again now',
  done: 'It is done, by hand',
  drop: 'Drop it: nothing is to come of it',
  attach: 'Attach the event to a person',
};
let asked;
let shown;
let afterwards = () => undefined;

/** Shows them; `changed` is called when one was resolved. */
export function showExceptions(items, changed) {
  afterwards = changed;
  const now = Date.now();
  const same = JSON.stringify(items.map((item) => [item, Date.parse(item.dueAt) < now]));
  // Drawn anew at every look, a button could not be reached by the keyboard.
  if (same === shown) return;
  shown = same;
  fill(
    find('exceptions'),
    ['due', 'kind', 'person', 'target', 'what is wrong', 'owner', 'alerted', 'resolve'],
    items.map((item) => {
      const due = element('span', moment(item.dueAt));
      if (Date.parse(item.dueAt) < now) due.className = 'overdue';
      const buttons = actionsFor(item).map((action) => button(action, () => open(item, action)));
      const kind = workflowLink(item.workflowId, item.kind);
      const actions = element('span', ...buttons);
      actions.className = 'actions';
      return [due, kind, item.person, item.target, item.reason, item.owner, item.alert, actions];
    }),
  );
}

export function hideExceptions() {
  shown = undefined;
  find('exceptions').replaceChildren();
  find('answer').textContent = '';
  find('resolve').close();
}

/** What waits for an answer takes these: the watch's own finds, a refused event, an event without a person, a person. */
function actionsFor({ id, workflowId }) {
  if (id.startsWith('watch/')) return ['done'];
  if (workflowId.startsWith('refusal:')) return ['drop'];
  return workflowId.startsWith('event:') ? ['retry', 'attach', 'drop'] : ['retry', 'done', 'drop'];
}

function open(item, action) {
  asked = { item, action };
  find('resolve-title').textContent = titles[action];
  find('resolve-which').textContent = item.reason;
  find('resolve-whose').hidden = action !== 'attach';
  find('resolve-person').required = action === 'attach';
  find('resolve-person').value = '';
  find('resolve-reason').required = action !== 'retry';
  find('resolve-reason').value = '';
  find('resolve-fault').textContent = '';
  find('resolve-send').textContent = action;
  find('resolve').showModal();
}

async function send() {
  const { item, action } = asked;
  const reason = find('resolve-reason').value.trim();
  const person = find('resolve-person').value.trim();
  find('resolve-send').disabled = true;
  find('resolve-fault').textContent = '';
  try {
    const { said, exception } = await ask(`/api/exceptions/${encodeURIComponent(item.id)}`, {
      action,
      ...(reason === '' ? {} : { reason }),
      ...(action === 'attach' ? { person } : {}),
    });
    find('answer').textContent = `${said}. ${exception.resolvedAt ? 'Resolved.' : 'It is still open.'}`;
    find('resolve').close();
  } catch (error) {
    find('resolve-fault').textContent = error.message;
  }
  find('resolve-send').disabled = false;
  afterwards();
}

find('resolve-form').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
find('resolve-cancel').addEventListener('click', () => find('resolve').close());
