// What the page does in the browser: signs in, looks every few seconds, and looks people up.

import { showApprovals } from './approvals.js';
import { ask, token } from './ask.js';
import { element, empty, fill, find, moment, workflowLink } from './elements.js';
import { showExceptions } from './exceptions.js';
import { closeForm, whenSent } from './form.js';
import { showHires } from './hires.js';
import { showHolds } from './holds.js';
import { showTargets } from './targets.js';

const everyMs = 5000;
let timer;

function notice(text, fault) {
  find('notice').textContent = text;
  find('notice').classList.toggle('fault', fault === true);
}

// Who is to start has a list of its own.
const inFlight = ['Terminating', 'Suspended', 'OnLeave'];

async function refresh() {
  clearTimeout(timer);
  try {
    const [exceptions, approvals, holds, hires, targets, events, ...people] = await Promise.all([
      ask('/api/exceptions?limit=50'),
      ask('/api/approvals?limit=50'),
      ask('/api/holds?limit=50'),
      ask('/api/hires?limit=50'),
      ask('/api/targets'),
      ask('/api/events?limit=25'),
      ...inFlight.map((state) => ask(`/api/people?limit=50&state=${state}`)),
    ]);
    // Signed out in between: nothing may come back on the screen.
    if (!token.get()) return;
    showExceptions(exceptions.items);
    showApprovals(approvals.items);
    showHolds(holds.items);
    showHires(hires.items);
    showTargets(targets.items);
    showPeople(people.flatMap((page) => page.items));
    showEvents(events.items);
    signedIn(true);
    notice(`As of ${new Date().toLocaleTimeString()}`);
  } catch (error) {
    if (error.unknown) signOut();
    notice(error.message, true);
  }
  if (token.get()) timer = setTimeout(refresh, everyMs);
}

function showPeople(items) {
  fill(
    find('people'),
    ['id', 'name', 'state', 'waits for'],
    items.map((person) => [
      workflowLink(`person:${person.id}`, person.id),
      person.name,
      person.state,
      person.pending.map((change) => `${change.kind} ${change.date || change.dueAt}`).join(', '),
    ]),
  );
}

function showEvents(items) {
  fill(
    find('events'),
    ['received', 'type', 'person', 'outcome', 'reason', 'event'],
    items.map((event) => [
      moment(event.receivedAt),
      event.type,
      event.person || event.subject,
      event.outcome || 'under way',
      event.reason,
      workflowLink(event.workflowId, event.key),
    ]),
  );
}

async function lookUp() {
  const place = find('person');
  try {
    const person = await ask(`/api/people/${encodeURIComponent(find('alias').value.trim())}`);
    const accounts = element('table');
    fill(
      accounts,
      ['target', 'account', 'kind', 'status', 'entitlements'],
      person.accounts.map((account) => [
        account.target,
        account.name,
        account.kind,
        account.status,
        account.entitlements.join(', '),
      ]),
    );
    const { happened, due } = await everythingOf(person.id);
    const line = element('p', workflowLink(`person:${person.id}`, person.id), ` ${person.name}: ${person.state}`);
    place.replaceChildren(line, accounts, ...lines('To come', due), ...lines('Happened', happened));
  } catch (error) {
    place.replaceChildren(element('p', error.message));
  }
}

/** All pages of a timeline, the newest of what happened first. */
async function everythingOf(id) {
  const happened = [];
  let cursor = '';
  for (;;) {
    const page = await ask(`/api/people/${encodeURIComponent(id)}/timeline?limit=500${cursor}`);
    happened.push(...page.happened.map(({ at, what }) => [at, what]));
    if (!page.next) return { happened: happened.reverse(), due: page.due.map(({ dueAt, what }) => [dueAt, what]) };
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

function lines(title, rows) {
  const table = element('table');
  fill(
    table,
    ['when', 'what'],
    rows.map(([at, what]) => [moment(at), what]),
  );
  return [element('h3', title), table];
}

function signedIn(yes) {
  find('board').hidden = !yes;
  find('sign-in').hidden = yes;
  find('sign-out').hidden = !yes;
}

function signOut() {
  token.forget();
  clearTimeout(timer);
  signedIn(false);
  closeForm();
  empty('exceptions', 'approvals', 'holds', 'hires', 'targets', 'people', 'events', 'person');
}

find('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  token.keep(find('token').value.trim());
  find('token').value = '';
  refresh();
});
find('sign-out').addEventListener('click', () => {
  signOut();
  notice('');
});
find('look-up').addEventListener('submit', (event) => {
  event.preventDefault();
  lookUp();
});
whenSent(refresh);
if (token.get()) refresh();
