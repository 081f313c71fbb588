import { createHash } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import { bulkSizes, type Issue, type JiraClient } from './client.ts';

const fields = ['labels', 'issuetype'];
/** Issues below the newest key that the index knows: it takes them in out of order. */
const lookBack = 50;

/** The label that an issue is found by. A hash, because a label holds no spaces and searching ignores its case. */
export function labelOf(correlationId: string): string {
  return `muster-${createHash('sha256').update(correlationId).digest('hex').slice(0, 40)}`;
}

/** The label of the sub-task for a line of the checklist, counted from 0. */
export const lineLabelOf = (correlationId: string, line: number): string => `${labelOf(correlationId)}-${line + 1}`;

/**
 * The issue with this correlation id, as it is now; the oldest where people have cloned it. The search index lags, so that
 * "not found" there means nothing after a lost answer: the newest keys of the project are then read one by one, past the index.
 */
export async function findIssue(
  client: JiraClient,
  correlationId: string,
  project: string,
  signal: AbortSignal,
): Promise<Issue | undefined> {
  const label = labelOf(correlationId);
  // Anywhere: an issue that was moved to another project keeps its label.
  const jql = `labels = "${label}" ORDER BY created ASC`;
  const indexed = await client.search(jql, fields, 50, signal);
  for (const candidate of indexed.filter((issue) => isOurs(issue, label))) {
    const issue = await readIfThere(client, candidate.id, signal);
    if (issue !== undefined) return issue;
  }
  const fresh = await findPastIndex(client, label, project, signal);
  return fresh === undefined ? undefined : readIfThere(client, fresh.id, signal);
}

async function findPastIndex(
  client: JiraClient,
  label: string,
  project: string,
  signal: AbortSignal,
): Promise<Issue | undefined> {
  // Named in the query, so that a project we may not see is an error, and not an empty result.
  const [newest] = await client.search(`project = "${project}" ORDER BY key DESC`, ['labels'], 1, signal);
  const known = newest === undefined ? 0 : numberOf(newest);
  let from = Math.max(1, known - lookBack + 1);
  for (;;) {
    const keys = Array.from({ length: bulkSizes.fetch }, (_, index) => `${project}-${from + index}`);
    const issues = await client.fetch(keys, fields, signal);
    const ours = issues.filter((issue) => isOurs(issue, label)).sort((one, other) => numberOf(one) - numberOf(other));
    if (ours[0] !== undefined) return ours[0];
    const last = from + bulkSizes.fetch - 1;
    // Keys are given in order: when the later half of a page is free, nothing newer is there.
    if (issues.every((issue) => numberOf(issue) <= last - lookBack)) return undefined;
    from = last + 1;
  }
}

/** A sub-task that was cloned into an issue of its own still has its line's label, never the issue's. */
const isOurs = ({ fields: { labels, issuetype } }: Issue, label: string): boolean =>
  labels.includes(label) && issuetype?.subtask !== true;

const numberOf = ({ key }: Issue): number => Number(key.slice(key.lastIndexOf('-') + 1));

/** The index still names issues that were deleted. */
async function readIfThere(client: JiraClient, id: string, signal: AbortSignal): Promise<Issue | undefined> {
  try {
    return await client.issue(id, signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  }
}
