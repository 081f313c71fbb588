// Everything the page shows goes in as text, never as HTML.
const workflows = document.body.dataset.workflows;

export const find = (id) => document.getElementById(id);

export function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children.map((child) => (child === undefined || child === null ? '' : child)));
  return made;
}

export function button(text, press) {
  const made = element('button', text);
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}

export function workflowLink(workflowId, text) {
  if (!workflows) return text;
  const link = element('a', text);
  link.href = `${workflows}/${encodeURIComponent(workflowId)}`;
  link.target = '_blank';
  link.rel = 'noreferrer';
  return link;
}

/** Temporal's own list of the workflows that a query finds. */
export function workflowsLink(query, text) {
  if (!workflows) return text;
  const link = element('a', text);
  link.href = `${workflows}?query=${encodeURIComponent(query)}`;
  link.target = '_blank';
  link.rel = 'noreferrer';
  return link;
}

export function overdue(iso) {
  const due = element('span', moment(iso));
  if (isPast(iso)) due.className = 'overdue';
  return due;
}

const isPast = (iso) => Date.parse(iso) < Date.now();

export function moment(iso) {
  if (!iso) return '';
  const time = element('time', new Date(iso).toLocaleString());
  time.dateTime = iso;
  return time;
}

export function fill(table, heads, rows) {
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

const shown = new Map();

/** Fills a table where anything in it is new: drawn anew at every look, a button could not be reached by the keyboard. */
export function fillAnew(table, heads, items, row) {
  const same = JSON.stringify(items.map((item) => [item, item.dueAt !== undefined && isPast(item.dueAt)]));
  if (shown.get(table.id) === same) return;
  shown.set(table.id, same);
  fill(table, heads, items.map(row));
}

/** Leaves nothing behind in a table, or anywhere else. */
export function empty(...ids) {
  for (const id of ids) {
    shown.delete(id);
    find(id).replaceChildren();
  }
}
