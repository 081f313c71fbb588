import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { type HttpAnswer, type HttpCall, HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import type { AdfDocument } from './adf.ts';
import { bodyOf, failureIn } from './failure.ts';
import type { Settings } from './settings.ts';

const named = z.object({ name: z.string() });

const issueSchema = z.object({
  id: z.string().min(1),
  key: z.string().min(1),
  fields: z
    .object({
      labels: z.array(z.string()).default([]),
      status: named.extend({ statusCategory: z.object({ key: z.string() }) }).exactOptional(),
      resolution: named.nullish(),
      issuetype: z.object({ subtask: z.boolean().default(false) }).exactOptional(),
      subtasks: z.array(z.object({ id: z.string(), key: z.string() })).default([]),
    })
    .prefault({}),
});
/** An issue with the fields that were asked for. */
export type Issue = z.infer<typeof issueSchema>;

const createdSchema = z.object({ id: z.string().min(1), key: z.string().min(1) });
/** What Jira says of a new issue. */
export type Created = z.infer<typeof createdSchema>;

const bulkSchema = z.object({
  issues: z.array(createdSchema).default([]),
  errors: z
    .array(
      z.object({
        status: z.int().default(400),
        failedElementNumber: z.int().default(-1),
        elementErrors: z
          .object({
            errorMessages: z.array(z.string()).default([]),
            errors: z.record(z.string(), z.unknown()).default({}),
          })
          .prefault({}),
      }),
    )
    .default([]),
});
/** What became of a bulk: some may be made and others not, with status 201. */
export type BulkAnswer = z.infer<typeof bulkSchema>;

const transitionSchema = z.object({
  id: z.string(),
  name: z.string(),
  to: z.object({ statusCategory: z.object({ key: z.string() }) }),
});
export type Transition = z.infer<typeof transitionSchema>;

const issueTypeSchema = named.extend({ id: z.string(), subtask: z.boolean() });
export type IssueType = z.infer<typeof issueTypeSchema>;

/** How many issues one call makes or reads at most. */
export const bulkSizes = { create: 50, fetch: 100 } as const;

/** Every status is told in our own words. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

/** Jira Cloud's REST API version 3, the only place that knows its URLs. */
export class JiraClient {
  readonly #http: HttpClient;
  readonly #settings: Settings;
  readonly #dependencies: TargetDependencies;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    const { baseUrl, ca, timeoutMs } = settings;
    this.#http = new HttpClient({ baseUrl, title: 'Jira', timeoutMs, ...(ca === undefined ? {} : { ca }) });
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  /** Of these permissions in the project, those that we lack. */
  async missingPermissions(project: string, wanted: readonly string[], signal: AbortSignal): Promise<string[]> {
    const name = `read our permissions in ${project}`;
    const query = new URLSearchParams({ projectKey: project, permissions: wanted.join(',') });
    const answer = await this.#call({ name, path: `/rest/api/3/mypermissions?${query}`, signal });
    const schema = z.object({ permissions: z.record(z.string(), z.object({ havePermission: z.boolean() })) });
    const { permissions } = bodyOf(name, answer, schema);
    return wanted.filter((permission) => permissions[permission]?.havePermission !== true);
  }

  /** The issue types that may be made in a project. */
  async issueTypes(project: string, signal: AbortSignal): Promise<IssueType[]> {
    const name = `read the issue types of ${project}`;
    const path = `/rest/api/3/issue/createmeta/${encodeURIComponent(project)}/issuetypes?maxResults=200`;
    const answer = await this.#call({ name, path, signal });
    return bodyOf(name, answer, z.object({ issueTypes: z.array(issueTypeSchema) })).issueTypes;
  }

  /** What the search index has; it lags behind by seconds, at times by minutes. */
  async search(jql: string, fields: string[], maxResults: number, signal: AbortSignal): Promise<Issue[]> {
    const name = 'search issues';
    const json = { jql, fields, maxResults };
    const answer = await this.#call({ name, method: 'POST', path: '/rest/api/3/search/jql', json, signal });
    return bodyOf(name, answer, z.object({ issues: z.array(issueSchema).default([]) })).issues;
  }

  /** Issues by key, past the index, 100 at most; keys that have no issue, or none that we may see, are left out. */
  async fetch(keys: string[], fields: string[], signal: AbortSignal): Promise<Issue[]> {
    const name = 'read issues';
    const json = { issueIdsOrKeys: keys, fields };
    const answer = await this.#call({ name, method: 'POST', path: '/rest/api/3/issue/bulkfetch', json, signal });
    const schema = z.object({
      issues: z.array(issueSchema).default([]),
      issueErrors: z.array(z.unknown()).default([]),
    });
    const { issues, issueErrors } = bodyOf(name, answer, schema);
    // Told only of issues that are there and could not be read just now. Taken for absent, they would be made again.
    if (issueErrors.length > 0) {
      throw new Failure('unavailable', `Jira: ${name} left out ${issueErrors.length} that are there`);
    }
    return issues;
  }

  /** One issue as it is now, past the index. Throws `not-found` when there is none, or none that we may see. */
  async issue(id: string, signal: AbortSignal): Promise<Issue> {
    const name = 'read issue';
    const path = `/rest/api/3/issue/${encodeURIComponent(id)}?fields=labels,status,resolution,issuetype,subtasks`;
    return bodyOf(name, await this.#call({ name, path, signal }), issueSchema);
  }

  async create(fields: Record<string, unknown>, signal: AbortSignal): Promise<Created> {
    const name = 'create issue';
    const answer = await this.#call({ name, method: 'POST', path: '/rest/api/3/issue', json: { fields }, signal });
    return bodyOf(name, answer, createdSchema);
  }

  /** Makes up to 50. What it could not make is in the answer's `errors`, whatever the status. */
  async createAll(fields: Record<string, unknown>[], signal: AbortSignal): Promise<BulkAnswer> {
    const name = 'create sub-tasks';
    const json = { issueUpdates: fields.map((each) => ({ fields: each })) };
    const path = '/rest/api/3/issue/bulk';
    // When none could be made the status is 400, and the body says why of each.
    const answer = await this.#send({ name, method: 'POST', path, json, signal });
    const bulk = answer.status === 400 ? bulkSchema.safeParse(answer.json()).data : undefined;
    if (bulk !== undefined && bulk.errors.length > 0) return bulk;
    return bodyOf(name, this.#checked(name, answer), bulkSchema);
  }

  /** Where the issue may go from here; only what its workflow's conditions allow us. */
  async transitions(id: string, signal: AbortSignal): Promise<Transition[]> {
    const name = 'read transitions';
    const path = `/rest/api/3/issue/${encodeURIComponent(id)}/transitions`;
    const answer = await this.#call({ name, path, signal });
    return bodyOf(name, answer, z.object({ transitions: z.array(transitionSchema) })).transitions;
  }

  async transition(id: string, transition: string, signal: AbortSignal): Promise<void> {
    const path = `/rest/api/3/issue/${encodeURIComponent(id)}/transitions`;
    const json = { transition: { id: transition } };
    await this.#call({ name: 'transition issue', method: 'POST', path, json, signal });
  }

  /** The newest hundred comments, as documents. */
  async comments(id: string, signal: AbortSignal): Promise<unknown[]> {
    const name = 'read comments';
    const path = `/rest/api/3/issue/${encodeURIComponent(id)}/comment?orderBy=-created&maxResults=100`;
    const schema = z.object({ comments: z.array(z.object({ body: z.unknown() })) });
    return bodyOf(name, await this.#call({ name, path, signal }), schema).comments.map(({ body }) => body);
  }

  async comment(id: string, body: AdfDocument, signal: AbortSignal): Promise<void> {
    const path = `/rest/api/3/issue/${encodeURIComponent(id)}/comment`;
    await this.#call({ name: 'comment on issue', method: 'POST', path, json: { body }, signal });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #call(call: HttpCall & { name: string }): Promise<HttpAnswer> {
    return this.#checked(call.name, await this.#send(call));
  }

  async #send(call: HttpCall): Promise<HttpAnswer> {
    const { email, token } = this.#settings.login;
    const proof = Buffer.from(`${email}:${await this.#dependencies.secret(token)}`).toString('base64');
    return this.#http.call({ ...call, headers: { authorization: `Basic ${proof}` }, expect: anyStatus });
  }

  #checked(name: string, answer: HttpAnswer): HttpAnswer {
    const failure = failureIn(name, answer, this.#dependencies.clock());
    if (failure !== undefined) throw failure;
    return answer;
  }
}
