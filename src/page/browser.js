// What the page does in the browser. Everything it shows goes in as text, never as HTML, and the token is kept in
// sessionStorage: it is gone with the tab.
const find = (id) => document.getElementById(id);
const workflows = document.body.dataset.workflows;
const everyMs = 5000;
let timer;

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children.map((child) => (child === undefined || child === null ? '' : child)));
  return made;
}

function workflowLink(workflowId, text) {
  if (!workflows) return text;
  const link = element('a', text);
  link.href = `${workflows}/${encodeURIComponent(workflowId)}`;
  link.target = '_blank';
  link.rel = 'noreferrer';
  return link;
}

function moment(iso) {
  if (!iso) return '';
  const time = element('time', new Date(iso).toLocaleString());
  time.dateTime = iso;
  return time;
}

function fill(table, heads, rows) {
  const head = element('tr', ...heads.map((text) => element('th', text)));
  const none = element('td', 'none');
  none.className = 'none';
  none.colSpan = heads.length;
  const body =
    rows.length === 0
      ? [element('tr', none)]
      : rows.map((row) => element('tr', ...row.map((cell) => element('td', cell))));
  table.replaceChildren(element('thead', head), element('tbody', ...body));
}

function notice(text, fault) {
  find('notice').textContent = text;
  find('notice').classList.toggle('fault', fault === true);
}

async function ask(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${sessionStorage.getItem('token')}` } });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401) signOut();
  throw new Error(
    answer.status === 401 ? 'That token is not known.' : said.detail || said.title || `status ${answer.status}`,
  );
}

const inFlight = ['Terminating', 'PreHire', 'Suspended', 'OnLeave'];

async function refresh() {
  clearTimeout(timer);
  try {
    const [exceptions, events, ...people] = await Promise.all([
      ask('/api/exceptions?limit=50'),
      ask('/api/events?limit=25'),
      ...inFlight.map((state) => ask(`/api/people?limit=50&state=${state}`)),
    ]);
    // Signed out in between: nothing may come back on the screen.
    if (!sessionStorage.getItem('token')) return;
    showExceptions(exceptions.items);
    showPeople(people.flatMap((page) => page.items));
    showEvents(events.items);
    signedIn(true);
    notice(`As of ${new Date().toLocaleTimeString()}`);
  } catch (error) {
    notice(error.message, true);
  }
  if (sessionStorage.getItem('token')) timer = setTimeout(refresh, everyMs);
}

function showExceptions(items) {
  fill(
    find('exceptions'),
    ['due', 'kind', 'person', 'target', 'what is wrong', 'owner', 'alerted'],
    items.map((item) => {
      const due = element('span', moment(item.dueAt));
      if (Date.parse(item.dueAt) < Date.now()) due.className = 'overdue';
      return [
        due,
        workflowLink(item.workflowId, item.kind),
        item.person,
        item.target,
        item.reason,
        item.owner,
        item.alert,
      ];
    }),
  );
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
    const line = element('p', workflowLink(`person:${person.id}`, person.id), ` ${person.name}: ${person.state}`);
    place.replaceChildren(line, accounts);
  } catch (error) {
    place.replaceChildren(element('p', error.message));
  }
}

function signedIn(yes) {
  find('board').hidden = !yes;
  find('sign-in').hidden = yes;
  find('sign-out').hidden = !yes;
}

function signOut() {
  sessionStorage.removeItem('token');
  clearTimeout(timer);
  signedIn(false);
  for (const id of ['exceptions', 'people', 'events', 'person']) find(id).replaceChildren();
}

find('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', find('token').value.trim());
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
if (sessionStorage.getItem('token')) refresh();
