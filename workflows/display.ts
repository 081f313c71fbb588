import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { PendingChange } from '../src/model/person.ts';
import type { Change } from '../src/model/plan.ts';
import type { BegunAccess, BegunEnd, PersonView } from '../src/model/work.ts';
import { attributes } from './search-attributes.ts';

interface Shown {
  state: string;
  process: string;
  waitingFor: string[];
  targets: string[];
  due: string;
}

/** What the Web UI shows of a person: search attributes, upserted only when they change, and the details as a table. */
export class Display {
  #shown: Shown | undefined;
  #process = '';
  #closing: { end: BegunEnd; missing: ReadonlySet<Change> } | undefined;

  show(view: PersonView): void {
    // What is confidential shows nothing before its time: no state, no date, no hint that something is pending.
    const open = view.timeline.filter((change) => !change.confidential || Date.parse(change.dueAt) <= Date.now());
    const next: Shown = {
      state: view.state,
      process: this.#processOf(view),
      waitingFor: waitingFor(view, open),
      targets: unique(view.exceptions.flatMap((exception) => exception.target ?? [])),
      due: open.find((change) => Date.parse(change.dueAt) > Date.now())?.dueAt ?? '',
    };
    if (JSON.stringify(next) === JSON.stringify(this.#shown)) return;
    const before = this.#shown;
    this.#shown = next;
    upsertSearchAttributes([
      { key: attributes.state, value: next.state },
      { key: attributes.process, value: next.process || null },
      { key: attributes.waitingFor, value: next.waitingFor },
      ...(before === undefined && next.targets.length === 0 ? [] : [{ key: attributes.targets, value: next.targets }]),
      ...(before === undefined && next.due === ''
        ? []
        : [{ key: attributes.due, value: next.due === '' ? null : new Date(next.due) }]),
    ]);
  }

  /** What a plan for somebody who stays has still to do. */
  changing(access: BegunAccess, missing: ReadonlySet<Change>): void {
    this.#process = access.process;
    const rows = access.plan.changes.map((change) => {
      const title = access.titles[change.target] ?? change.target;
      return `| ${title} | ${change.summary} | ${change.because} | ${missing.has(change) ? '**under way**' : 'confirmed'} |`;
    });
    const head = `**${access.plan.person}: ${access.process}** (event ${access.event}), deadline ${access.deadlineAt}`;
    setCurrentDetails([head, '', '| target | change | because | state |', '|---|---|---|---|', ...rows].join('\n'));
  }

  progress(end: BegunEnd, missing: ReadonlySet<Change>): void {
    this.#closing = { end, missing };
    setCurrentDetails(this.#table());
  }

  #processOf({ state }: PersonView): string {
    if (state === 'Terminating' || state === 'Terminated') return 'leaver';
    return state === 'PreHire' ? 'joiner' : this.#process;
  }

  waitsFor(change: PendingChange): string {
    if (change.confidential) return 'look at the timeline again';
    if (change.kind === 'end') return `end on ${change.date ?? change.dueAt}`;
    if (change.data['action'] === 'readAgain') return 'read every target again';
    if (change.kind === 'start') return `start on ${change.date ?? change.dueAt}`;
    if (typeof change.data['action'] === 'string') return `${change.data['action']} on ${change.date ?? change.dueAt}`;
    return `${change.kind} due ${change.dueAt}`;
  }

  #table(): string {
    if (this.#closing === undefined) return '';
    const { end, missing } = this.#closing;
    const rows = end.plan.changes.map((change) => {
      const title = end.titles[change.target] ?? change.target;
      return `| ${title} | ${change.summary} | ${missing.has(change) ? '**under way**' : 'confirmed'} |`;
    });
    return [
      `**${end.plan.person} leaves** (event \`${end.event}\`), deadline ${end.deadlineAt}`,
      '',
      '| target | change | state |',
      '|---|---|---|',
      ...rows,
    ].join('\n');
  }
}

function waitingFor(view: PersonView, open: PendingChange[]): string[] {
  const words: string[] = open
    .filter((change) => change.kind !== 'end' || view.state !== 'Terminating')
    .map((change) => waits[change.kind]);
  if (open.some(({ data }) => typeof data['hold'] === 'string')) words.push('hold');
  if (view.state === 'Terminating') words.push('targets');
  if (view.exceptions.length > 0) words.push('exception');
  return unique(words);
}

const waits: Readonly<Record<PendingChange['kind'], string>> = {
  end: 'endDate',
  start: 'startDate',
  leave: 'leave',
  change: 'effectiveDate',
  access: 'targets',
  grace: 'grace',
  reminder: 'reminder',
  approval: 'approval',
  order: 'order',
  answer: 'answer',
  later: 'later',
};

const unique = (words: string[]): string[] => [...new Set(words)].sort();
