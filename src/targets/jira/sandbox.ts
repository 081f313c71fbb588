import type { MakeStandIn, StandIn, StandInTools } from '../../sandbox/stand-in.ts';
import { textOf } from './adf.ts';
import { errorOf, siteRouter } from './sandbox-routes.ts';
import { categoryOf, emptySite, type Site, type StoredIssue, siteSchema, subtasksOf } from './sandbox-site.ts';

/** What the stand-in accepts: an account's address and its API token. */
export const sandboxCredentials = { email: 'muster@globaltech.example', token: 'sandbox-jira-token' } as const;

/** A stand-in whose search index has a new issue after `indexLagMs`, as Jira's has it after seconds. */
export function jiraSite(tools: StandInTools, { indexLagMs }: { indexLagMs: number }): StandIn {
  let site = emptySite();
  let workers: string[] = [];
  const router = siteRouter({
    site: () => site,
    workers: () => workers,
    tools,
    credentials: sandboxCredentials,
    indexLagMs,
  });
  return {
    state: () => ({ accounts: [], tickets: site.issues.flatMap((issue) => ticketIn(site, issue)) }),
    seed: (people) => {
      workers = people.map((person) => person.workerId);
      site = emptySite();
    },
    dump: () => structuredClone(site),
    restore: (dumped) => {
      site = siteSchema.parse(dumped);
    },
    router,
    errorBody: (status) => ({ body: JSON.stringify(errorOf(status)), contentType: 'application/json' }),
  };
}

/**
 * Jira Cloud's stand-in: version 3 of the REST API on the projects `OFF` and `ON`, its search two seconds behind. Its vendor
 * faults: `staleIndex` (search finds nothing), `halfBulk` (every second issue of a bulk fails, with status 201), `fetchErrors`
 * (issues that are there cannot be read in bulk), `missingRights` (no permission to create), `noWayOut` (no transitions).
 */
export const makeStandIn: MakeStandIn = (tools) => jiraSite(tools, { indexLagMs: 2_000 });

/** An issue for people, with its sub-tasks inside; those stand for themselves nowhere. */
function ticketIn(site: Site, issue: StoredIssue): Record<string, unknown>[] {
  if (issue.parent !== undefined) return [];
  return [
    {
      ...plain(issue),
      project: issue.project,
      issueType: issue.issueType,
      description: textOf(issue.fields['description']) ?? '',
      comments: issue.comments.map((comment) => textOf(comment) ?? ''),
      fields: others(issue),
      subtasks: subtasksOf(site, issue.key).map(plain),
    },
  ];
}

const plain = ({ id, key, status, resolution, fields: { summary, labels } }: StoredIssue) => ({
  id,
  number: key,
  title: summary,
  state: status,
  category: categoryOf(status),
  resolution,
  labels,
});

function others({ fields }: StoredIssue): Record<string, unknown> {
  const { summary, description, labels, ...rest } = fields;
  return rest;
}
