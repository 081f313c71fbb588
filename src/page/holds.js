// What safeguards hold.
import { ask } from './ask.js';
import { fillAnew, find, moment, workflowsLink } from './elements.js';
import { actions, openForm } from './form.js';

export function showHolds(items) {
  fillAnew(
    find('holds'),
    ['since', 'kind', 'what', 'caused by', 'held', 'released', 'agreed', 'decide'],
    items,
    (hold) => [
      moment(hold.openedAt),
      workflowsLink(
        'ExecutionStatus = "Running" AND MusterOutcome = "held"',
        hold.ahead ? `${hold.kind}, ahead` : hold.kind,
      ),
      hold.reason,
      hold.causes.join(', '),
      String(hold.held),
      String(hold.released),
      hold.releasing.map(({ by }) => by).join(', '),
      actions(['release', () => open(hold, 'release')], ['reject', () => open(hold, 'reject')]),
    ],
  );
}

async function open(hold, decision) {
  try {
    decide(hold, decision, await ask(`/api/holds/${encodeURIComponent(hold.id)}`));
  } catch (error) {
    find('answer').textContent = error.message;
  }
}

function decide(hold, decision, { items }) {
  const held = items.filter(({ state }) => state === 'held');
  openForm({
    title: decision === 'release' ? 'Release it: what is held is done' : 'Reject it: what is held is not done',
    which: `${hold.reason} Of ${held.map(({ person }) => person).join(', ')}.`,
    does: decision,
    fields: [
      { name: 'people', label: 'These people only, by ids with commas between; nobody named: all' },
      { name: 'reason', label: 'Reason', required: true },
    ],
    post: async ({ people, reason }) => {
      const some = people === undefined ? {} : { people: people.split(',').map((each) => each.trim()) };
      const { said } = await ask(`/api/holds/${encodeURIComponent(hold.id)}`, { decision, reason, ...some });
      return said;
    },
  });
}
