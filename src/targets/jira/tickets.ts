import { Failure } from '../../model/failure.ts';
import type { CallContext, Ticket, TicketsAbility } from '../target.ts';
import { documentOf, textOf } from './adf.ts';
import { completeChecklist } from './checklist.ts';
import type { Issue, JiraClient, Transition } from './client.ts';
import { findIssue } from './find-issue.ts';
import { issueFields } from './issue-fields.ts';
import { type IssueKind, kindOf, type Settings } from './settings.ts';

/** Issues as tickets, a sub-task for each line of the checklist. Jira has no idempotency key: each is looked for before it is made. */
export function ticketsAbility(client: JiraClient, settings: Settings): TicketsAbility {
  return {
    async open(request, context) {
      const kind = kindOf(settings, request.kind);
      const fields = issueFields(request, kind);
      const found = await findIssue(client, request.correlationId, kind.project, context.signal);
      // Somebody closed it: it gets no new work.
      if (found !== undefined && isDone(found)) return { ticket: ticketOf(found, kind), outcome: 'already' };
      if (found !== undefined) {
        const parent = { key: found.key, made: found.fields.subtasks };
        const outcome = await completeChecklist(client, parent, request, kind, context);
        return { ticket: ticketOf(found, kind), outcome };
      }
      await context.beforeChange('create issue');
      const { id, key } = await client.create(fields, context.signal);
      await completeChecklist(client, { key, made: [] }, request, kind, context);
      return { ticket: { id, number: key, state: 'open' }, outcome: 'changed' };
    },

    async find(correlationId, kindName, { signal }) {
      const kind = kindOf(settings, kindName);
      const found = await findIssue(client, correlationId, kind.project, signal);
      return found === undefined ? undefined : ticketOf(found, kind);
    },

    async close({ id, number }, kindName, note, context) {
      const kind = kindOf(settings, kindName);
      if (isDone(await client.issue(id, context.signal))) return 'already';
      // The way is looked for first: a note on an issue that then stays open would be a lie.
      const { id: way } = wayOut(await client.transitions(id, context.signal), kind, number);
      await leaveNote(client, id, note, context);
      await context.beforeChange('close issue');
      await client.transition(id, way, context.signal);
      if (isDone(await client.issue(id, context.signal))) return 'changed';
      throw new Failure('not-confirmed', `Jira: ${number} is still open after it was closed`, {
        advice: 'Set "doneTransition" of this kind to the transition that leads to a status of the category Done.',
      });
    },
  };
}

/** Once: a comment that says the same is ours, of a call whose answer was lost. */
async function leaveNote(client: JiraClient, id: string, note: string, context: CallContext): Promise<void> {
  const body = documentOf(note);
  if (body.content.length === 0) return;
  const wanted = textOf(body);
  const comments = await client.comments(id, context.signal);
  if (comments.some((comment) => textOf(comment) === wanted)) return;
  await context.beforeChange('comment on issue');
  await client.comment(id, body, context.signal);
}

/** The one transition that leads to a status that is done. Ids and names differ from workflow to workflow. */
function wayOut(transitions: Transition[], { doneTransition }: IssueKind, number: string): Transition {
  const ways = transitions.filter(({ to }) => to.statusCategory.key === 'done');
  const wanted = doneTransition === undefined ? ways : ways.filter(({ name }) => name === doneTransition);
  const [way, ...others] = wanted;
  if (way === undefined) {
    const named = doneTransition === undefined ? '' : ` by the name "${doneTransition}"`;
    throw new Failure('refused', `Jira: ${number} has no transition${named} that closes it from where it is now`, {
      advice: 'Look whether its workflow asks for something first: a field, open sub-tasks, a right of our account.',
    });
  }
  if (others.length === 0) return way;
  const names = wanted.map(({ name }) => `"${name}"`).join(', ');
  throw new Failure('ambiguous', `Jira: ${number} can be closed by more than one transition: ${names}`, {
    advice: 'Set "doneTransition" of this kind in muster.yaml.',
  });
}

const isDone = ({ fields: { status } }: Issue): boolean => status?.statusCategory.key === 'done';

function ticketOf(issue: Issue, { failedWhen }: IssueKind): Ticket {
  const ticket = { id: issue.id, number: issue.key };
  if (!isDone(issue)) return { ...ticket, state: 'open' };
  const names = [issue.fields.status?.name, issue.fields.resolution?.name];
  const failed = failedWhen.some((name) => names.includes(name));
  return { ...ticket, state: 'closed', result: failed ? 'failed' : 'done' };
}
