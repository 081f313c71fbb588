import type { EvidenceRow } from '../directory/store.ts';

type Words = (row: EvidenceRow, value: (name: string) => string) => string;

/** What happened, in words; what the ledger holds no words for is said by its kind. */
export function evidenceInWords(row: EvidenceRow): string {
  const value = (name: string): string => inWords(row.data[name]);
  const words = sayings[row.kind]?.(row, value);
  if (words !== undefined) return words;
  return `${row.kind.replaceAll('-', ' ')}${row.target === undefined ? '' : ` (${row.target})`}`;
}

function inWords(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inWords).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** How many things a piece of evidence lists. */
const many = (row: EvidenceRow, name: string): number => {
  const list = row.data[name];
  return Array.isArray(list) ? list.length : 0;
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const sayings: Readonly<Record<string, Words>> = {
  'person-imported': (_, value) => `entered by an import (${value('change')}), by ${value('by')}`,
  'person-created': (_, value) => `entered in the directory, on the word of ${value('source')}`,
  'event-accepted': ({ event }, value) =>
    `${value('type').replaceAll('-', ' ')}: accepted from ${value('source')} (${event})`,
  'person-identified': (_, value) => `the event's worker ${value('subject')} was found`,
  'source-read': (row, value) => {
    if (row.data['verdict'] === 'silent') return 'its source was asked about the worker, and says nothing of it';
    if (row.data['verdict'] === 'agrees')
      return `its source was asked about the worker, and agrees (entered ${value('enteredAt')})`;
    return `its source was asked about the worker, and says otherwise: ${value('reason')}`;
  },
  'source-not-read': (_, value) => `its source could not be asked about the worker: ${value('reason')}`,
  'event-ignored': () => 'nothing was to be done',
  'event-held': (_, value) => `held for a person to decide (${value('kind')})`,
  'event-held-by-safeguard': (_, value) => `held by a safeguard (${value('hold')})`,
  'event-released': (_, value) => `let go by ${value('by')}`,
  'event-rejected': (_, value) => `rejected by ${value('by')}`,
  'event-observed': (_, value) => `noted and not done: its source is in mode "${value('mode')}"`,
  'event-parked': (_, value) => `kept: the source ${value('source')} is stopped`,
  'start-scheduled': (_, value) => `start set for ${value('startDate')} (${value('zone')}), at ${value('dueAt')}`,
  'start-moved': (_, value) => `start moved from ${value('from')} to ${value('to')} by ${value('by')}`,
  'hire-cancelled': (_, value) => `the hire for ${value('startDate')} was called off`,
  'rehire-accepted': (_, value) => `hired again, from ${value('startDate')}`,
  'person-active': (_, value) => `Active, from ${value('startDate')}`,
  'engagement-added': (_, value) => `one more engagement from ${value('startDate')}: ${value('why')}`,
  'engagement-ended': (_, value) => `an engagement ended on ${value('date')}; another one keeps their access`,
  'person-converted': (_, value) => `${value('from')} became ${value('to')} on ${value('date')}`,
  'change-scheduled': (_, value) => `${value('facts')} to change at ${value('dueAt')}`,
  'person-changed': (_, value) => `changed: ${value('facts')}`,
  'contract-end-moved': (_, value) => `end of the contract moved from ${value('from')} to ${value('to')}`,
  'end-scheduled': (_, value) => `end set for ${value('date')} (${value('zone')}), at ${value('dueAt')}`,
  'end-rescinded': () => 'the end that waited was taken back',
  'end-begun': (_, value) =>
    `the end of all access began; it counts from ${value('effectiveAt')}, deadline ${value('deadlineAt')}`,
  'person-terminated': () => 'Terminated: every target has confirmed',
  'leave-scheduled': (_, value) => `leave to begin or end at ${value('dueAt')}`,
  'leave-started': (_, value) => `on leave; their access: ${value('access')}`,
  'leave-ended': () => 'back from leave',
  'person-suspended': () => 'Suspended by security',
  'risk-cleared': () => 'the suspension was lifted',
  'names-reserved': () => 'login and address reserved',
  'plan-made': (row, value) => {
    const parts = [
      count(many(row, 'changes'), 'change'),
      ...(many(row, 'proposed') === 0 ? [] : [`${many(row, 'proposed')} proposed`]),
      ...(many(row, 'observed') === 0 ? [] : [`${many(row, 'observed')} only observed`]),
      ...(many(row, 'asks') === 0 ? [] : [count(many(row, 'asks'), 'question')]),
      ...(many(row, 'kept') === 0 ? [] : [`${many(row, 'kept')} kept for a while`]),
      ...(many(row, 'stopped') === 0 ? [] : [`${many(row, 'stopped')} stopped by separation of duties`]),
    ];
    return `plan made: ${parts.join(', ')} (${value('hash').slice(0, 19)}…)`;
  },
  'accounts-found': (row) => `${row.target}: ${count(many(row, 'accounts'), 'account')} found`,
  'access-changed': (row) => `${row.target}: ${changesOf(row)} confirmed`,
  'access-closed': (row) => `${row.target}: closed and read back, ${count(many(row, 'accounts'), 'account')}`,
  'access-confirmed': (_, value) => `all of the plan's ${value('changes')} changes are confirmed`,
  'access-revoked': () => 'access was revoked by name',
  'access-found-open': () => 'an account was found open after they had left',
  'account-adopted': (row) => `${row.target}: an account of theirs was taken over`,
  'ticket-opened': (row, value) => `${row.target}: ${value('kind')} ticket ${value('number')} opened`,
  'message-sent': (row) => `${row.target}: ${count(many(row, 'sent'), 'message')} sent`,
  'told-ahead': () => 'whom policy names was told ahead',
  'approval-opened': (_, value) => `asked for approval (${value('rule')})`,
  'exception-opened': (row, value) =>
    `exception opened: ${value('exception')}${row.target === undefined ? '' : ` in ${row.target}`}`,
  'exception-resolved': (_, value) => `exception resolved: ${value('action')} by ${value('by')}`,
  'rescission-kept': () => 'an end was taken back that nobody had heard of: kept, should it arrive late',
  'engagement-goes-on': (_, value) => `engagement ${value('engagement')} goes on in its place`,
  'signal-taken': (_, value) => `signal ${value('signal')} taken, sent by ${value('by')}`,
  'signal-refused': (_, value) => `signal ${value('signal')} not obeyed: ${value('why')}`,
  'legal-hold-placed': (_, value) => `legal hold placed by ${value('by')}`,
  'legal-hold-lift-asked': (_, value) => `${value('by')} asked for the legal hold to be lifted`,
  'legal-hold-lifted': (_, value) => `legal hold lifted, on the second word of ${value('by')}`,
};

function changesOf({ data }: EvidenceRow): string {
  const { changes } = data;
  if (!Array.isArray(changes)) return 'changes';
  const actions = changes.map((change: unknown) =>
    typeof change === 'object' && change !== null ? String(Reflect.get(change, 'action')) : '',
  );
  return [...new Set(actions)]
    .map((action) => {
      const times = actions.filter((each) => each === action).length;
      return times === 1 ? action : `${times} × ${action}`;
    })
    .join(', ');
}
