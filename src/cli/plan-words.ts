import type { z } from 'zod';
import type { planShape } from '../operator/plan-shapes.ts';

type Shown = z.infer<typeof planShape>;
type Moment = Shown['moments'][number];
type Plan = NonNullable<Moment['plan']>;

/** A dry run as people read it. */
export function planInWords(shown: Shown): string {
  const { person, event, mode, outcome, reason, state, moments, due, gone, exceptions, seen } = shown;
  const from = state.before === undefined ? 'would be made' : `is ${state.before}`;
  const to = state.after === undefined || state.after === state.before ? '' : `, would be ${state.after}`;
  return [
    `${event.type} of ${event.subject}, from ${event.source}: would be ${outcome}${reason === undefined ? '' : ` (${reason})`}`,
    ...(person === undefined ? [] : [`  ${person} ${from}${to}`]),
    ...(mode === 'enforce' ? [] : [`  ${event.source} is in mode "${mode}": today nothing of this would be done`]),
    ...moments.flatMap((moment, index) => momentInWords(moment, index === 0)),
    ...section(
      'on the timeline',
      due.map(({ dueAt, what }) => `${dueAt}  ${what}`),
    ),
    ...section(
      'off the timeline',
      gone.map(({ dueAt, what }) => `${dueAt}  ${what}`),
    ),
    ...section(
      'somebody must see to',
      exceptions.map(({ kind, reason: why }) => `${kind}: ${why}`),
    ),
    ...(moments.length + due.length + gone.length + exceptions.length === 0 ? ['  nothing would be changed'] : []),
    seenInWords(seen),
  ].join('\n');
}

function momentInWords({ at, state, plan, asks, held }: Moment, first: boolean): string[] {
  const when = first ? 'now' : `at ${at}, ${state}`;
  const question = asks.map(
    ({ rule, approvers, summary }) => `${approvers.join(', ') || 'nobody'} (${rule}): ${summary.join('; ')}`,
  );
  return [
    `${when}${plan === undefined ? '' : `  plan ${plan.hash.slice(0, 19)}…`}`,
    ...(held === undefined ? [] : [`  kept by a safeguard: ${held}`]),
    ...(plan === undefined ? [] : changesInWords(plan)),
    ...section('asked', question),
  ];
}

function changesInWords({ changes, proposed, observed, kept, stopped }: Plan): string[] {
  const isNotice = ({ action }: Plan['changes'][number]) => action === 'ticket' || action === 'message';
  const line = ({ summary, because }: Plan['changes'][number]) => `${summary}  (${because})`;
  const access = changes.filter((change) => !isNotice(change));
  return [
    ...access.map((change) => `  ${line(change)}`),
    ...(changes.length + proposed.length + observed.length === 0 ? ['  no change'] : []),
    ...section('told', changes.filter(isNotice).map(line)),
    ...section('proposed, for a person to do', proposed.map(line)),
    ...section('only observed, and not done', observed.map(line)),
    ...section(
      'kept for a while',
      kept.map(({ target, entitlement, because }) => `${entitlement || 'the account'} in ${target}  (${because})`),
    ),
    ...section(
      'stopped by separation of duties',
      stopped.map(({ summary, reason }) => `${summary}: ${reason}`),
    ),
  ];
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function seenInWords(seen: Shown['seen']): string {
  if (seen === undefined) return '  planned from what the directory knows; no target was asked';
  const unread = seen.unread.length === 0 ? '' : `; no answer from ${seen.unread.join(', ')}`;
  return `  planned from what ${seen.read.join(', ')} hold now${unread}`;
}
