import { projects, type StoredIssue } from './sandbox-site.ts';

/** The queries that the stand-in knows: `project = "X"` and `labels = "x"`, joined by AND, with an order. Throws on any other. */
export function issuesFor(jql: string, issues: readonly StoredIssue[]): StoredIssue[] {
  const [conditions = '', order] = jql.split(/\s+ORDER BY\s+/i);
  const tests = conditions.split(/\s+AND\s+/i).map((condition) => {
    const [, field, value] = /^(project|labels)\s*=\s*"([^"]+)"$/i.exec(condition.trim()) ?? [];
    if (field === undefined || value === undefined) throw new JqlError(`Error in the JQL Query: ${condition}`);
    if (field === 'project' && projects[value] === undefined)
      throw new JqlError(`The value '${value}' does not exist for the field 'project'.`);
    return (issue: StoredIssue) => (field === 'project' ? issue.project === value : hasLabel(issue, value));
  });
  const found = issues.filter((issue) => tests.every((test) => test(issue)));
  const [, by, direction] = /^(key|created)\s+(ASC|DESC)$/i.exec(order ?? 'created DESC') ?? [];
  if (by === undefined) throw new JqlError(`Error in the JQL Query: ORDER BY ${order}`);
  found.sort((one, other) => (by === 'key' ? numberOf(one) - numberOf(other) : Number(one.id) - Number(other.id)));
  return direction === 'DESC' ? found.reverse() : found;
}

/** A query that Jira would refuse with 400. */
export class JqlError extends Error {}

/** Without regard to case, as Jira's search compares labels. */
function hasLabel({ fields }: StoredIssue, label: string): boolean {
  const { labels } = fields;
  return Array.isArray(labels) && labels.some((each) => String(each).toLowerCase() === label.toLowerCase());
}

const numberOf = ({ key }: StoredIssue): number => Number(key.slice(key.lastIndexOf('-') + 1));
