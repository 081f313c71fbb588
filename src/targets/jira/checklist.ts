import { Failure, type FailureCode } from '../../model/failure.ts';
import { codeOfStatus } from '../http-client.ts';
import type { CallContext, Outcome, TicketRequest } from '../target.ts';
import { type BulkAnswer, bulkSizes, type Issue, type JiraClient } from './client.ts';
import { wordsOf } from './failure.ts';
import { lineLabelOf } from './find-issue.ts';
import { summaryOf, typeOf } from './issue-fields.ts';
import type { IssueKind } from './settings.ts';

/** A line that becomes a sub-task. */
interface Line {
  label: string;
  summary: string;
}

/**
 * Makes the sub-tasks that an issue lacks, in the order of the checklist. Each has the label of its line, which is read past the
 * search index, so that after a lost answer or half a bulk only the missing ones are made. `made` are those it has.
 */
export async function completeChecklist(
  client: JiraClient,
  parent: { key: string; made: Issue['fields']['subtasks'] },
  request: TicketRequest,
  kind: IssueKind,
  context: CallContext,
): Promise<Outcome> {
  const lines = linesOf(request);
  const there = await labelsOf(client, parent.made, context.signal);
  const missing = lines.filter(({ label }) => !there.has(label));
  for (const some of chunks(missing, bulkSizes.create)) {
    await context.beforeChange('create sub-tasks');
    const made = await client.createAll(
      some.map((line) => fieldsOf(line, parent.key, kind)),
      context.signal,
    );
    if (made.errors.length > 0) throw failureOf(made.errors, parent.key);
    if (made.issues.length < some.length) {
      const lost = some.length - made.issues.length;
      throw new Failure('not-confirmed', `Jira: ${lost} sub-tasks of ${parent.key} were neither made nor refused`);
    }
  }
  return missing.length === 0 ? 'already' : 'changed';
}

/** Numbered, so that they can be read in order whatever a board sorts by, and a line that was made later stands in its place. */
function linesOf({ correlationId, checklist = [] }: TicketRequest): Line[] {
  const width = String(checklist.length).length;
  return checklist.map((text, index) => ({
    label: lineLabelOf(correlationId, index),
    summary: summaryOf(`${String(index + 1).padStart(width, '0')}. ${text}`),
  }));
}

const fieldsOf = ({ label, summary }: Line, parent: string, kind: IssueKind): Record<string, unknown> => ({
  ...kind.subtaskFields,
  project: { key: kind.project },
  parent: { key: parent },
  issuetype: typeOf(kind.subtaskType),
  summary,
  labels: ['muster', label, ...kind.labels],
});

async function labelsOf(
  client: JiraClient,
  subtasks: Issue['fields']['subtasks'],
  signal: AbortSignal,
): Promise<Set<string>> {
  const labels = new Set<string>();
  for (const some of chunks(subtasks, bulkSizes.fetch)) {
    const keys = some.map(({ key }) => key);
    const issues = await client.fetch(keys, ['labels'], signal);
    for (const issue of issues) for (const label of issue.fields.labels) labels.add(label);
  }
  return labels;
}

/** Half a bulk: the retry makes what is missing, soon where the reason passes by itself. */
function failureOf(errors: BulkAnswer['errors'], parent: string): Failure {
  const codes = new Set<FailureCode>(errors.map(({ status }) => codeOfStatus(status)));
  const passing = (['throttled', 'unavailable'] as const).find((code) => codes.has(code));
  const lasting = [...codes].find((code) => code !== 'throttled' && code !== 'unavailable');
  const words = [...new Set(errors.map(({ elementErrors }) => wordsOf(elementErrors)))].filter((word) => word !== '');
  const told = words.length === 0 ? '' : `: ${words.join('; ')}`;
  return new Failure(
    lasting ?? passing ?? 'unavailable',
    `Jira: ${errors.length} sub-tasks of ${parent} were not made (${errors.map(({ status }) => status).join(', ')})${told}`,
    lasting === undefined ? {} : { advice: 'Look at "subtaskType" and "subtaskFields" of this kind in muster.yaml.' },
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
