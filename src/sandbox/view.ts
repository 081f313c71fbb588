import { z } from 'zod';

const accountSchema = z.looseObject({
  id: z.coerce.string(),
  name: z.string(),
  worker: z.string().nullish(),
  enabled: z.boolean(),
  entitlements: z.array(z.unknown()).default([]),
  sessions: z.array(z.unknown()).default([]),
});

const ticketSchema = z.record(z.string(), z.unknown());

const messageSchema = z.looseObject({
  to: z.union([z.string(), z.array(z.string()).transform((addresses) => addresses.join(', '))]),
  title: z.string(),
});

/** The sandbox's own view of its accounts: plain HTML without scripts, refreshed every two seconds. */
export function accountsPage(state: Record<string, Record<string, unknown>>, taken: number): string {
  const sections = Object.entries(state).map(([target, held]) => section(target, held));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Muster sandbox</title><style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin-bottom:2rem}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}
.off{color:#767676}.on strong{color:#176b2c}
</style></head><body>
<h1>Muster sandbox</h1>
<p>What the stand-in systems themselves hold now, whatever Muster believes. ${taken} changing calls taken.
As JSON: <a href="/state">/state</a>, <a href="/calls">/calls</a>, <a href="/faults">/faults</a>.</p>
${sections.join('\n')}
</body></html>
`;
}

function section(target: string, held: Record<string, unknown>): string {
  const accounts = z.array(accountSchema).catch([]).parse(held['accounts']);
  const tickets = z.array(ticketSchema).catch([]).parse(held['tickets']);
  const messages = z.array(messageSchema).catch([]).parse(held['messages']);
  const open = accounts.filter((account) => account.enabled).length;
  const rows = accounts.map(
    (account) =>
      `<tr class="${account.enabled ? 'on' : 'off'}"><td>${asHtml(account.worker ?? '')}</td><td>${asHtml(account.name)}</td>` +
      `<td>${account.enabled ? '<strong>enabled</strong>' : 'disabled'}</td>` +
      `<td>${account.entitlements.length}</td><td>${account.sessions.length}</td></tr>`,
  );
  const ticketRows = tickets.map(
    (ticket) =>
      `<tr><td>${asHtml(text(ticket['number']))}</td><td>${asHtml(text(ticket['state']))}</td>` +
      `<td>${asHtml(text(ticket['title'] ?? ticket['short_description']))}</td></tr>`,
  );
  const messageRows = messages.map(({ to, title }) => `<tr><td>${asHtml(to)}</td><td>${asHtml(title)}</td></tr>`);
  return `<h2>${asHtml(target)}: ${open} of ${accounts.length} accounts enabled</h2>
<table><thead><tr><th>Worker</th><th>Account</th><th>Status</th><th>Entitlements</th><th>Sessions</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${table(['Ticket', 'State', 'Title'], ticketRows)}${table(['Message to', 'Title'], messageRows)}`;
}

/** Nothing where there are no rows. */
const table = (heads: string[], rows: string[]): string =>
  rows.length === 0
    ? ''
    : `\n<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const asHtml = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
