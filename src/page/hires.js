// Who is to start, by the day.
import { ask } from './ask.js';
import { fillAnew, find, workflowLink } from './elements.js';
import { actions, openForm } from './form.js';

export function showHires(items) {
  fillAnew(find('hires'), ['starts', 'time zone', 'person', 'name', 'was', 'has', 'next', 'order'], items, (hire) => [
    hire.startDate,
    hire.zone,
    workflowLink(hire.workflowId, hire.person),
    hire.name,
    hire.moves.map((move) => `${move.from} (${move.by})`).join(', '),
    hire.accounts.map((account) => `${account.target} ${account.status}`).join(', '),
    hire.due[0]?.what,
    actions(['amend', () => amend(hire)], ['cancel', () => cancel(hire)]),
  ]);
}

const reason = { name: 'reason', label: 'Reason', required: true };
const of = (hire) => `${hire.person} ${hire.name}, starts ${hire.startDate}`;

function amend(hire) {
  openForm({
    title: 'Move the start',
    which: of(hire),
    does: 'amend',
    fields: [
      { name: 'startDate', label: 'New first day', type: 'date', required: true, value: hire.startDate },
      reason,
    ],
    post: (values) => order(hire, 'amend', values),
  });
}

function cancel(hire) {
  openForm({
    title: 'Call the hire off: what was made for it is removed',
    which: of(hire),
    does: 'cancel the hire',
    fields: [reason],
    post: (values) => order(hire, 'cancel', values),
  });
}

async function order(hire, what, values) {
  const { status, eventId } = await ask(
    `/api/hires/${encodeURIComponent(hire.workerId || hire.person)}/${what}`,
    values,
  );
  return `${status}: ${eventId}. What comes of it is among the latest events.`;
}
