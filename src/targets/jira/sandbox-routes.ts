import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { workerIn } from '../../sandbox/worker-in.ts';
import { textOf } from './adf.ts';
import { issuesFor, JqlError } from './sandbox-jql.ts';
import {
  addIssue,
  categoryOf,
  faultsOf,
  issueTypes,
  projects,
  type Site,
  type StoredIssue,
  shown,
  siteSchema,
} from './sandbox-site.ts';

interface Parts {
  site: () => Site;
  /** Worker ids that an issue may name. */
  workers: () => readonly string[];
  tools: StandInTools;
  credentials: { email: string; token: string };
  /** Milliseconds until the search index has a new issue. */
  indexLagMs: number;
}

const words: Readonly<Record<number, string>> = {
  401: 'Client must be authenticated to access this resource.',
  403: 'You do not have permission to perform this operation.',
  404: 'Issue does not exist or you do not have permission to see it.',
  429: 'Rate limit exceeded.',
};

/** The vendor's form of an error. */
export const errorOf = (status: number, errors: Record<string, string> = {}) => ({
  errorMessages: Object.keys(errors).length > 0 ? [] : [words[status] ?? 'The request could not be completed.'],
  errors,
});

const searchSchema = z.object({
  jql: z.string(),
  fields: z.array(z.string()).default([]),
  maxResults: z.int().default(50),
});
const fetchSchema = z.object({ issueIdsOrKeys: z.array(z.string()).max(100), fields: z.array(z.string()).default([]) });
const createSchema = z.object({ fields: z.record(z.string(), z.unknown()) });
const bulkSchema = z.object({ issueUpdates: z.array(createSchema).min(1).max(50) });
const transitionSchema = z.object({ transition: z.object({ id: z.string() }) });
const commentSchema = z.object({ body: z.looseObject({ type: z.literal('doc'), version: z.literal(1) }) });

/** The parts of version 3 of the API that Muster uses, and those with which a person would work an issue. */
export function siteRouter({ site, workers, tools, credentials, indexLagMs }: Parts): Router {
  const router = express.Router();
  const proof = `Basic ${Buffer.from(`${credentials.email}:${credentials.token}`).toString('base64')}`;
  const vendor = () => tools.fault()?.vendor;
  const lies = () => tools.fault()?.lie === true;
  const fail = (response: Response, status: number, errors?: Record<string, string>) =>
    void response.status(status).json(errorOf(status, errors));
  const issueOf = (request: Request) => {
    const wanted = request.params['issue'];
    return site().issues.find(({ id, key }) => id === wanted || key === wanted);
  };
  const obeyed = (operation: string, issue: StoredIssue) => {
    const parent = site().issues.find(({ key }) => key === issue.parent) ?? issue;
    const texts = [parent, issue].flatMap(({ fields }) => [String(fields['summary']), textOf(fields['description'])]);
    const worker = workerIn(texts, workers());
    tools.called({ operation, subject: issue.key, ...(worker === undefined ? {} : { worker }) });
  };
  /** Where a change is written: to the site, or with a lie to a copy that nobody keeps. */
  const written = (): Site => (lies() ? siteSchema.parse(structuredClone(site())) : site());
  const wantedFields = (request: Request) =>
    String(request.query['fields'] ?? '')
      .split(',')
      .filter((field) => field !== '');

  router.use((request, response, next) => {
    if (request.headers.authorization === proof) return next();
    response.setHeader('x-seraph-loginreason', 'AUTHENTICATED_FAILED');
    fail(response, 401);
  });
  router.use(express.json());

  router.get('/rest/api/3/mypermissions', (request, response) => {
    const wanted = String(request.query['permissions'] ?? '').split(',');
    const missing = vendor() === 'missingRights' ? 'CREATE_ISSUES' : undefined;
    const there = projects[String(request.query['projectKey'])] !== undefined;
    if (!there) return fail(response, 404, { projectKey: 'No project could be found with key' });
    const permissions = wanted.map((key) => [key, { key, havePermission: key !== missing }]);
    response.json({ permissions: Object.fromEntries(permissions) });
  });
  router.get('/rest/api/3/issue/createmeta/:project/issuetypes', (request, response) => {
    if (projects[request.params.project] === undefined) return fail(response, 404);
    response.json({ issueTypes, startAt: 0, maxResults: 200, total: issueTypes.length });
  });
  router.post('/rest/api/3/search/jql', (request, response) => {
    const sent = searchSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    const before = Date.now() - indexLagMs;
    const indexed = vendor() === 'staleIndex' ? [] : site().issues.filter(({ created }) => created <= before);
    try {
      const found = issuesFor(sent.jql, indexed).slice(0, sent.maxResults);
      response.json({ issues: found.map((issue) => shown(site(), issue, sent.fields)), isLast: true });
    } catch (error) {
      if (!(error instanceof JqlError)) throw error;
      response.status(400).json({ errorMessages: [error.message], errors: {} });
    }
  });
  router.post('/rest/api/3/issue/bulkfetch', (request, response) => {
    const sent = fetchSchema.safeParse(request.body).data;
    if (sent === undefined) return fail(response, 400);
    const wanted = new Set(sent.issueIdsOrKeys);
    const found = site().issues.filter(({ id, key }) => wanted.has(id) || wanted.has(key));
    const hidden = vendor() === 'fetchErrors' ? found.splice(0) : [];
    const issueErrors = hidden.map(({ id }) => ({ id, errorMessage: 'The issue could not be read. Try again.' }));
    response.json({ issues: found.map((issue) => shown(site(), issue, sent.fields)), issueErrors });
  });
  router.post('/rest/api/3/issue', (request, response) => {
    const fields = createSchema.safeParse(request.body).data?.fields;
    const faults = faultsOf(site(), fields);
    if (Object.keys(faults).length > 0) return fail(response, 400, faults);
    const kept = written();
    const { id, key } = addIssue(kept, fields, Date.now());
    const issue = site().issues.find((each) => each.id === id);
    if (issue !== undefined) obeyed(issue.parent === undefined ? 'create issue' : 'create sub-task', issue);
    response
      .status(201)
      .json({ id, key, self: `${request.protocol}://${request.host}${request.baseUrl}/rest/api/3/issue/${id}` });
  });
  router.post('/rest/api/3/issue/bulk', (request, response) => {
    const sent = bulkSchema.safeParse(request.body).data?.issueUpdates;
    if (sent === undefined) return fail(response, 400);
    const half = vendor() === 'halfBulk';
    const kept = written();
    const issues: { id: string; key: string }[] = [];
    const errors: unknown[] = [];
    for (const [index, { fields }] of sent.entries()) {
      // With a lie the parent may be one that was never kept.
      const faults = lies() ? {} : faultsOf(site(), fields);
      const status = Object.keys(faults).length > 0 ? 400 : half && index % 2 === 1 ? 500 : 201;
      if (status === 201) {
        const { id, key } = addIssue(kept, fields, Date.now());
        const issue = site().issues.find((each) => each.id === id);
        if (issue !== undefined) obeyed('create sub-task', issue);
        issues.push({ id, key });
      } else {
        errors.push({ status, elementErrors: errorOf(status, faults), failedElementNumber: index });
      }
    }
    response.status(issues.length === 0 ? 400 : 201).json({ issues, errors });
  });
  router.get('/rest/api/3/issue/:issue', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    response.json(shown(site(), issue, wantedFields(request)));
  });
  router.delete('/rest/api/3/issue/:issue', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    const gone = new Set([issue.key]);
    if (!lies()) {
      obeyed('delete issue', issue);
      const { issues } = site();
      const kept = issues.filter(({ key, parent }) => !gone.has(key) && !gone.has(parent ?? ''));
      issues.splice(0, issues.length, ...kept);
    }
    response.status(204).end();
  });
  router.get('/rest/api/3/issue/:issue/transitions', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    const steps = (projects[issue.project] ?? []).filter(({ to }) => to !== issue.status);
    const transitions = steps.map(({ id, name, to }) => ({
      id,
      name,
      to: { name: to, statusCategory: { key: categoryOf(to) } },
    }));
    response.json({ transitions: vendor() === 'noWayOut' ? [] : transitions });
  });
  router.post('/rest/api/3/issue/:issue/transitions', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    const wanted = transitionSchema.safeParse(request.body).data?.transition.id;
    const step = projects[issue.project]?.find(({ id, to }) => id === wanted && to !== issue.status);
    if (step === undefined)
      return fail(response, 400, { transition: 'It seems that you have tried to perform a workflow operation' });
    if (!lies()) {
      issue.status = step.to;
      issue.resolution = step.resolution ?? null;
      obeyed(`transition issue to ${step.to}`, issue);
    }
    response.status(204).end();
  });
  router.get('/rest/api/3/issue/:issue/comment', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    const comments = issue.comments.map((body, index) => ({ id: String(index + 1), body })).reverse();
    response.json({ comments, startAt: 0, maxResults: 100, total: comments.length });
  });
  router.post('/rest/api/3/issue/:issue/comment', (request, response) => {
    const issue = issueOf(request);
    if (issue === undefined) return fail(response, 404);
    const body = commentSchema.safeParse(request.body).data?.body;
    if (body === undefined) return fail(response, 400, { comment: 'Comment body is not valid!' });
    if (!lies()) {
      issue.comments.push(body);
      obeyed('comment on issue', issue);
    }
    response.status(201).json({ id: String(issue.comments.length), body });
  });
  return router;
}
