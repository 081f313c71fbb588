import type { ExceptionRow } from '../directory/store.ts';

/** One line that says what it is: `Muster: step failed: GT-48291 in salesforce`. */
export function titleOf({ kind, person, target, event }: ExceptionRow): string {
  const about = [person ?? event, target].filter((part) => part !== undefined).join(' in ');
  return `Muster: ${kind.replaceAll('-', ' ')}${about === '' ? '' : `: ${about}`}`;
}

/** What is wrong, whose it is, and where it is seen to. */
export function bodyOf(exception: ExceptionRow): string {
  const { id, reason, owner, openedAt, dueAt, workflowId } = exception;
  return [
    reason,
    '',
    `Owner: ${owner}, due ${dueAt}.`,
    `Open since ${openedAt}. Workflow ${workflowId}, exception ${id}.`,
  ].join('\n');
}

/** The same for messages, which come again until somebody says that they see to it. */
export function messageOf(exception: ExceptionRow, times: number): { title: string; text: string } {
  const title = titleOf(exception);
  return {
    title: times === 0 ? title : `Still open since ${exception.openedAt}: ${title}`,
    text: `${bodyOf(exception)}\nThis comes again until somebody takes it: muster exceptions take ${exception.id}`,
  };
}

/** Who and what, but not the reason in words: it may be about somebody, and tickets have many readers. */
export function noteOf({ id, resolvedAt, resolution }: ExceptionRow): string {
  const { action = 'resolved', by = 'muster' } = resolution ?? {};
  return `Resolved in Muster at ${resolvedAt} by ${by}: ${action}. Muster's record of exception ${id} has the reason.`;
}

/** The message that says so where the alert was a message. */
export function resolvedMessageOf(exception: ExceptionRow): { title: string; text: string } {
  const by = exception.resolution?.by ?? 'muster';
  return { title: `Resolved by ${by}: ${titleOf(exception)}`, text: noteOf(exception) };
}
