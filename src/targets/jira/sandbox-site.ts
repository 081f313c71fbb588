import { z } from 'zod';

const issueSchema = z.object({
  id: z.string(),
  key: z.string(),
  project: z.string(),
  issueType: z.string(),
  /** The parent's key, of a sub-task. */
  parent: z.string().exactOptional(),
  status: z.string(),
  resolution: z.string().nullable(),
  /** Milliseconds; the search index has the issue a while later. */
  created: z.number(),
  /** All else that was set, in Jira's own form: summary, description, labels, … */
  fields: z.record(z.string(), z.unknown()),
  /** Documents, oldest first. */
  comments: z.array(z.unknown()),
});
/** An issue as the site keeps it. */
export type StoredIssue = z.infer<typeof issueSchema>;

/** Everything that the stand-in remembers over a restart. */
export const siteSchema = z.object({
  /** In the order in which they were made. */
  issues: z.array(issueSchema),
  /** Issues ever made; the last one's id. */
  made: z.int(),
  /** The last number of each project's keys. */
  numbers: z.record(z.string(), z.int()),
});
export type Site = z.infer<typeof siteSchema>;

/** A site without an issue. */
export const emptySite = (): Site => ({ issues: [], made: 0, numbers: {} });

/** A step of a workflow, possible from every status. */
export interface Step {
  id: string;
  name: string;
  to: string;
  resolution?: string;
}

const steps: Step[] = [
  { id: '11', name: 'To Do', to: 'To Do' },
  { id: '21', name: 'Start', to: 'In Progress' },
  { id: '31', name: 'Done', to: 'Done', resolution: 'Done' },
];

/** The projects, with their workflows: OFF can end in two ways, ON in one. */
export const projects: Readonly<Record<string, Step[]>> = {
  OFF: [...steps, { id: '41', name: 'Cancel', to: 'Cancelled', resolution: "Won't Do" }],
  ON: steps,
};

/** Jira's own names of what a status means. */
export const categoryOf = (status: string): string =>
  ({ 'To Do': 'new', 'In Progress': 'indeterminate' })[status] ?? 'done';

/** The issue types of every project. */
export const issueTypes = [
  { id: '10001', name: 'Task', subtask: false },
  { id: '10002', name: 'Sub-task', subtask: true },
];

const requestedSchema = z.looseObject({
  project: z.object({ key: z.string() }),
  issuetype: z.object({ name: z.string() }).or(z.object({ id: z.string() })),
  parent: z.object({ key: z.string() }).exactOptional(),
});

const known = new Set(['summary', 'description', 'labels', 'priority', 'duedate', 'components']);
const document = z.object({ type: z.literal('doc'), version: z.literal(1), content: z.array(z.unknown()) });

/** What is wrong with the fields of a new issue, by field; empty when nothing is. */
export function faultsOf(site: Site, sent: unknown): Record<string, string> {
  const faults: Record<string, string> = {};
  const parsed = requestedSchema.safeParse(sent).data;
  if (parsed === undefined) return { project: 'project and issue type are required' };
  const { project, issuetype, parent, ...fields } = parsed;
  if (projects[project.key] === undefined) faults['project'] = 'valid project is required';
  const type = typeNamed(issuetype);
  if (type === undefined) faults['issuetype'] = 'Specify a valid issue type';
  const holder = parent === undefined ? undefined : site.issues.find(({ key }) => key === parent.key);
  if (type?.subtask === true && holder?.project !== project.key)
    faults['parent'] = 'Could not find valid parent for subtask';
  if (type?.subtask === false && parent !== undefined)
    faults['parent'] = 'Given parent issue does not belong to appropriate hierarchy';
  const { summary, description, labels } = fields;
  if (typeof summary !== 'string' || summary.trim() === '')
    faults['summary'] = 'You must specify a summary of the issue.';
  else if (summary.length > 255 || summary.includes('\n'))
    faults['summary'] = 'Summary must be one line of 255 characters';
  if (description !== undefined && !document.safeParse(description).success) {
    faults['description'] = 'Operation value must be an Atlassian Document (see the Atlassian Document Format)';
  }
  if (Array.isArray(labels) && labels.some((label) => /\s/.test(String(label))))
    faults['labels'] = "The label can't contain spaces.";
  for (const field of Object.keys(fields).filter((name) => !known.has(name) && !name.startsWith('customfield_'))) {
    faults[field] = `Field '${field}' cannot be set. It is not on the appropriate screen, or unknown.`;
  }
  return faults;
}

/** Makes an issue of fields that have no fault. */
export function addIssue(site: Site, sent: unknown, now: number): StoredIssue {
  const { project, issuetype, parent, ...fields } = requestedSchema.parse(sent);
  const number = (site.numbers[project.key] ?? 0) + 1;
  site.numbers[project.key] = number;
  site.made += 1;
  const issue: StoredIssue = {
    id: String(10_000 + site.made),
    key: `${project.key}-${number}`,
    project: project.key,
    issueType: typeNamed(issuetype)?.name ?? 'Task',
    ...(parent === undefined ? {} : { parent: parent.key }),
    status: 'To Do',
    resolution: null,
    created: now,
    fields: { labels: [], ...fields },
    comments: [],
  };
  site.issues.push(issue);
  return issue;
}

function typeNamed(wanted: { name: string } | { id: string }): (typeof issueTypes)[number] | undefined {
  return issueTypes.find((type) => ('id' in wanted ? type.id === wanted.id : type.name === wanted.name));
}

/** An issue as the API shows it; of its fields those that were asked for. */
export function shown(site: Site, issue: StoredIssue, wanted: readonly string[]): Record<string, unknown> {
  const type = issueTypes.find(({ name }) => name === issue.issueType);
  const status = { name: issue.status, statusCategory: { key: categoryOf(issue.status) } };
  const all: Record<string, unknown> = {
    ...issue.fields,
    status,
    resolution: issue.resolution === null ? null : { name: issue.resolution },
    issuetype: type,
    subtasks: subtasksOf(site, issue.key).map(({ id, key, fields }) => ({
      id,
      key,
      fields: { summary: fields['summary'] },
    })),
  };
  const asked = wanted.length === 0 ? Object.keys(all) : wanted;
  const fields = Object.fromEntries(asked.filter((name) => name in all).map((name) => [name, all[name]]));
  return { id: issue.id, key: issue.key, fields };
}

/** An issue's sub-tasks in the order in which they were made. */
export const subtasksOf = (site: Site, key: string): StoredIssue[] =>
  site.issues.filter(({ parent }) => parent === key);
