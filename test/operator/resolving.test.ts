import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.ts';
import { verifyProof } from '../../activities/proof.ts';
import type { Store } from '../../src/directory/store.ts';
import { itemOf, type ResolveMessage } from '../../src/model/messages.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Answer, type Asking, addEvent, addException, addPerson, asking, noon } from './asking.ts';

/** Temporal as far as resolving goes: keeps what it was told, and answers as the test wants. */
class FakeWorkflows {
  readonly told: { workflowId: string; started: boolean; message: ResolveMessage }[] = [];
  deadlineMs = 0;
  answer: () => Promise<string> = async () => 'so be it';

  readonly client = {
    options: { namespace: 'default' },
    withDeadline: (deadline: number, ask: () => Promise<unknown>) => {
      this.deadlineMs = deadline - Date.now();
      return ask();
    },
    workflow: {
      getHandle: (workflowId: string) => ({
        executeUpdate: (_name: string, { args }: { args: [ResolveMessage] }) => this.#tell(workflowId, false, args[0]),
      }),
      executeUpdateWithStart: (
        _name: string,
        options: { args: [ResolveMessage]; startWorkflowOperation: { options: { workflowId: string } } },
      ) => this.#tell(options.startWorkflowOperation.options.workflowId, true, options.args[0]),
    },
  } as unknown as Client;

  #tell(workflowId: string, started: boolean, message: ResolveMessage): Promise<string> {
    this.told.push({ workflowId, started, message });
    return this.answer();
  }
}

let store: Store;
let api: Asking;
let workflows: FakeWorkflows;
beforeEach(async () => {
  store = await memoryStore();
  workflows = new FakeWorkflows();
  api = await asking(store, { client: workflows.client, answerMs: 4_000 });
  await addPerson(store, 'GT-48291');
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const resolve = (id: string, body: unknown, role = 'operator') =>
  api.post(`/api/exceptions/${encodeURIComponent(id)}`, body, role);
const done = { action: 'done', reason: 'seen to' };
const faults = (answer: Answer) =>
  (answer.body as { errors: { path: string; problem: string }[] }).errors.map(({ path, problem }) => [path, problem]);
const detail = (answer: Answer) => [answer.status, (answer.body as { detail?: string }).detail];

describe('resolving an exception', () => {
  it('tells the workflow that it belongs to, and answers with what that says and the exception as it is then', async () => {
    const id = await addException(store, 'workday:a/needs-decision', { kind: 'needs-decision' });
    workflows.answer = async () => {
      const resolution = { action: 'done', by: 'operator-1', reason: 'seen to' };
      await store.transaction((tx) => tx.resolveException(id, resolution, noon));
      return `${id}: done by operator-1`;
    };
    expect(await resolve(id, done)).toMatchObject({
      status: 200,
      body: {
        said: `${id}: done by operator-1`,
        exception: { id, resolvedAt: noon, resolution: { action: 'done', by: 'operator-1', reason: 'seen to' } },
      },
    });
    expect(workflows.told).toEqual([
      {
        workflowId: 'person:GT-48291',
        started: true,
        message: {
          ...done,
          exception: id,
          by: 'operator-1',
          proof: { nonce: expect.any(String), mac: expect.any(String) },
        },
      },
    ]);
    expect(workflows.deadlineMs).toBeGreaterThan(3_000);
    expect(workflows.deadlineMs).toBeLessThanOrEqual(4_000);
  });

  it('takes an id with its slashes as they are, too', async () => {
    const id = await addException(store, 'workday:a/salesforce/step-failed');
    expect(await api.post(`/api/exceptions/${id}`, { action: 'retry' }, 'operator')).toMatchObject({
      status: 200,
      body: { said: 'so be it', exception: { id } },
    });
  });

  it.each([
    ['a person’s', 'person:GT-48291', 'workday:a', 'person:GT-48291/x'],
    ['an event’s', 'event:workday:a', 'workday:a', 'workday:a'],
    ['an event’s that came again', 'event:workday:fp-0.1', 'workday:fp-0.1~0198b6ad', 'workday:fp-0.1~0198b6ad'],
    ['a refused event’s', 'refusal:workday:a:f00f00f00f00f00', 'workday:a.f00f00f00f00', 'workday:a'],
  ])('vouches for who says it so that %s workflow believes it', async (_what, workflowId, event, item) => {
    const id = await addException(store, 'x', { id: `${workflowId}/x`, workflowId, event });
    expect(await resolve(id, done, 'security')).toMatchObject({ status: 200 });
    const [told] = workflows.told;
    expect(told).toMatchObject({ workflowId, started: workflowId.startsWith('person:') });
    const { by = '', proof = { nonce: '', mac: '' } } = told?.message ?? {};
    const dependencies = { proofKey: async () => 'proof-key-of-the-tests' } as Partial<Dependencies> as Dependencies;
    const claim = { workflowId, item, action: 'done', by, ...proof };
    expect([by, itemOf({ id, workflowId, event })]).toEqual(['security-1', item]);
    expect(await verifyProof(dependencies, claim)).toBe(true);
    expect(await verifyProof(dependencies, { ...claim, by: 'admin-1' })).toBe(false);
  });

  it.each([
    ['retry', ['operator']],
    ['done', ['operator', 'security']],
    ['drop', ['operator', 'security']],
    ['attach', ['operator', 'security']],
  ])('by %s is for %s', async (action, allowed) => {
    const id = await addException(store, 'x');
    const body = { action, reason: 'so', ...(action === 'attach' ? { person: 'GT-48291' } : {}) };
    for (const role of ['viewer', 'operator', 'approver', 'security', 'auditor', 'admin']) {
      expect([role, (await resolve(id, body, role)).status]).toEqual([role, allowed.includes(role) ? 200 : 403]);
    }
    expect((await api.post(`/api/exceptions/${id}`, body, 'nobody')).status).toBe(401);
  });

  it('that tells of a confidential end is for security and administrators; to others it is not there', async () => {
    const data = { effectiveDate: '2025-12-31', category: 'involuntary' } as const;
    const event = await addEvent(store, 'secret', 'GT-48291', { effectiveDate: '2025-12-31', data });
    const id = await addException(store, 'secret', { person: 'GT-48291', event });
    expect(detail(await resolve(id, done))).toEqual([404, 'no exception has that id']);
    expect(await resolve(id, done, 'auditor')).toMatchObject({ status: 403 });
    for (const role of ['security', 'admin']) {
      expect(await resolve(id, { action: 'retry' }, role)).toMatchObject({ status: 200 });
    }
    expect(workflows.told.map(({ message }) => message.by)).toEqual(['security-1', 'admin-1']);
  });

  it('is not for whoever caused the event', async () => {
    const event = await addEvent(store, 'a', 'GT-48291', { by: 'operator-1' });
    const id = await addException(store, 'a', { event });
    expect(detail(await resolve(id, done))).toEqual([
      403,
      'you caused the event that this is about: somebody else must see to it',
    ]);
    expect(workflows.told).toEqual([]);
    expect((await resolve(id, done, 'security')).status).toBe(200);
  });

  it.each<[unknown, [string, string][]]>([
    [{}, [['/action', 'must be retry, done, drop, release, attach or skip']]],
    [{ action: 'take', reason: 'so' }, [['/action', 'must be retry, done, drop, release, attach or skip']]],
    [{ action: 'skip', reason: 'so' }, [['/until', 'must be a date such as 2026-01-31, or an instant']]],
    [{ action: 'skip', until: '2025-12-01' }, [['/reason', 'is required']]],
    [{ action: 'skip', reason: 'so', until: 'soon' }, [['/until', 'must be a date such as 2026-01-31, or an instant']]],
    [
      { action: 'skip', reason: 'so', until: '2025-12-01', by: 'security-1' },
      [['/by', 'is not taken: who did it is said by the token']],
    ],
    [{ action: 'drop' }, [['/reason', 'is required']]],
    [{ action: 'done', reason: '  ' }, [['/reason', 'must say why']]],
    [{ action: 'attach', reason: 'so' }, [['/person', 'is required']]],
    [{ action: 'attach', reason: 'so', person: 'GT-9' }, [['/person', 'nobody goes by that name']]],
    [{ ...done, person: 'GT-48291' }, [['/person', 'is not known']]],
    [{ ...done, by: 'security-1' }, [['/by', 'is not taken: who did it is said by the token']]],
  ])('by %j is refused by its fault', async (body, expected) => {
    const id = await addException(store, 'x');
    const answer = await resolve(id, body);
    expect([answer.status, faults(answer)]).toEqual([400, expected]);
    expect(workflows.told).toEqual([]);
  });

  it('by a release is security’s alone, for what is held to be released, and by nobody who caused it', async () => {
    const release = { action: 'release', reason: 'HR was asked' };
    const event = await addEvent(store, 'a', 'GT-48291', { by: 'admin-1' });
    const id = await addException(store, `${event}/to-release`, { event, kind: 'needs-decision' });
    const other = await addException(store, `${event}/needs-decision`, { event, kind: 'needs-decision' });
    for (const role of ['operator', 'admin']) {
      expect(detail(await resolve(id, release, role))[0]).toBe(403);
    }
    expect(detail(await resolve(other, release, 'security'))).toEqual([
      409,
      'what this is about cannot be released: nothing waits for a word of security alone',
    ]);
    expect(workflows.told).toEqual([]);
    expect(await resolve(id, release, 'security')).toMatchObject({ status: 200, body: { said: 'so be it' } });
    expect(workflows.told.map(({ workflowId, message: { proof: _, ...message } }) => [workflowId, message])).toEqual([
      ['person:GT-48291', { ...release, exception: id, by: 'security-1' }],
    ]);
    const own = await addEvent(store, 'b', 'GT-48291', { by: 'security-1' });
    const caused = await addException(store, `${own}/to-release`, { event: own });
    expect(detail(await resolve(caused, release, 'security'))[0]).toBe(403);
  });

  it('names the person to attach to by their own id, and asks whom where a name is of two', async () => {
    const id = await addException(store, 'x');
    await addPerson(store, 'GT-2');
    await store.transaction(async (tx) => {
      for (const each of ['GT-48291', 'GT-2']) {
        await tx.addIdentifier(each, { source: each.toLowerCase(), type: 'workerId', value: '77' });
      }
    });
    const attach = (person: string) => resolve(id, { action: 'attach', reason: 'an old number', person });
    await attach('gt-48291@globaltech.example');
    expect(workflows.told[0]?.message.person).toBe('GT-48291');
    expect(faults(await attach('77'))).toEqual([
      ['/person', expect.stringMatching(/^is the name of GT-\d+ and of GT-/)],
    ]);
  });

  it('that is not there, or is resolved already, is refused in words', async () => {
    expect(detail(await resolve('person:GT-48291/none', done))).toEqual([404, 'no exception has that id']);
    const id = await addException(store, 'x');
    const resolution = { action: 'drop', by: 'security-1', reason: 'a test' };
    await store.transaction((tx) => tx.resolveException(id, resolution, noon));
    expect(detail(await resolve(id, done))).toEqual([409, `it was resolved already, at ${noon}: drop by security-1`]);
    expect(workflows.told).toEqual([]);
  });

  it('that the workflow refuses is a 409 in the workflow’s words', async () => {
    const id = await addException(store, 'x');
    workflows.answer = async () => {
      throw new WorkflowUpdateFailedError('failed', ApplicationFailure.nonRetryable('a step is done when it is done'));
    };
    expect(detail(await resolve(id, done))).toEqual([409, 'a step is done when it is done']);
  });

  it('whose workflow ended says so', async () => {
    const id = await addException(store, 'x', { id: 'event:workday:a/unknown-person', workflowId: 'event:workday:a' });
    workflows.answer = async () => {
      throw new WorkflowNotFoundError('workflow execution already completed', 'event:workday:a', undefined);
    };
    expect(detail(await resolve(id, done))).toEqual([
      409,
      expect.stringContaining('event:workday:a, which this belongs to, does not run any more'),
    ]);
  });

  it('is answered 503 with Retry-After where Temporal or its workers do not answer', async () => {
    const id = await addException(store, 'x');
    workflows.answer = async () => {
      throw new Error('14 UNAVAILABLE: secret-host:7233');
    };
    const answer = await resolve(id, done);
    expect(detail(answer)).toEqual([503, expect.stringContaining('person:GT-48291 did not answer within 4 s')]);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(JSON.stringify(answer.body)).not.toContain('secret-host');
    expect(api.log.join('')).toContain('secret-host');
  });
});

describe('skipping a step', () => {
  const until = '2025-12-01T00:00:00.000Z';
  const skip = { action: 'skip', reason: 'the vendor mends it', until: '2025-12-01' };
  const step = () =>
    addException(store, 'workday:a/close:github/step-failed', { target: 'github', person: 'GT-48291' });

  it('takes two people, who want it until the same moment; the workflow hears it from both', async () => {
    const id = await step();
    const first = `wants to skip it until ${until}: a second person must want the same, until the same moment`;
    for (const _twice of [1, 2]) {
      expect(await resolve(id, skip)).toMatchObject({
        status: 200,
        body: { said: `operator-1 ${first}`, exception: { id, until, skipAskedBy: 'operator-1' } },
      });
    }
    expect((await resolve(id, { ...skip, until: '2025-12-02' }, 'security')).body).toMatchObject({
      said: expect.stringMatching(/^security-1 wants to skip it until 2025-12-02/),
    });
    await resolve(id, skip);
    expect(workflows.told).toEqual([]);
    expect(await resolve(id, { ...skip, reason: 'so be it', until }, 'security')).toMatchObject({
      status: 200,
      body: { said: 'so be it' },
    });
    expect(workflows.told.map(({ workflowId, message: { proof: _, ...message } }) => [workflowId, message])).toEqual([
      [
        'person:GT-48291',
        {
          ...{ exception: id, action: 'skip', until, by: 'operator-1 and security-1' },
          reason: 'operator-1: the vendor mends it; security-1: so be it',
        },
      ],
    ]);
    const { message, workflowId } = workflows.told[0] ?? { message: {}, workflowId: '' };
    const dependencies = { proofKey: async () => 'proof-key-of-the-tests' } as Partial<Dependencies> as Dependencies;
    const { by = '', proof = { nonce: '', mac: '' } } = message as ResolveMessage;
    expect(await verifyProof(dependencies, { workflowId, item: id, action: 'skip', by, ...proof })).toBe(true);
  });

  it('that the workflow does not take yet can be agreed to again', async () => {
    const id = await step();
    await resolve(id, skip);
    workflows.answer = async () => {
      throw new Error('14 UNAVAILABLE');
    };
    expect((await resolve(id, skip, 'security')).status).toBe(503);
    workflows.answer = async () => 'so be it';
    expect((await resolve(id, skip, 'security')).status).toBe(200);
  });

  it.each([
    ['2025-11-15T12:00:00.000Z', 'until: is over'],
    ['2025-12-15T12:00:00.001Z', 'until: is more than 30 days ahead'],
  ])('until %s is refused', async (day, problem) => {
    expect(detail(await resolve(await step(), { ...skip, until: day }))).toEqual([400, problem]);
  });

  it('is for steps at targets alone', async () => {
    const id = await addException(store, 'x', { kind: 'needs-decision', target: 'github' });
    expect(detail(await resolve(id, skip))).toEqual([409, 'only a step at a target is skipped: this is none']);
    expect(workflows.told).toEqual([]);
  });
});

describe('taking an exception', () => {
  const take = (id: string, role = 'operator', body: unknown = {}) =>
    api.post(`/api/exceptions/${id}/take`, body, role);

  it('says who sees to it, the last who says so, with evidence', async () => {
    const id = await addException(store, 'workday:a/x', { person: 'GT-48291' });
    expect(await take(id)).toMatchObject({
      status: 200,
      body: { said: 'operator-1 has it', exception: { id, takenBy: 'operator-1', takenAt: noon } },
    });
    expect(await take(id)).toMatchObject({ body: { said: `operator-1 has it since ${noon}` } });
    expect(await take(encodeURIComponent(id), 'security')).toMatchObject({
      body: { said: 'security-1 has it, and not operator-1 any more', exception: { takenBy: 'security-1' } },
    });
    expect(await api.ask(`/api/exceptions?person=GT-48291`, 'viewer')).toMatchObject({
      body: { items: [{ id, takenBy: 'security-1' }] },
    });
    const { items } = await store.read((reader) => reader.evidence({ person: 'GT-48291' }, {}));
    expect(items.map(({ kind, data }) => [kind, data])).toContainEqual(['exception-taken', { by: 'operator-1' }]);
    expect(workflows.told).toEqual([]);
  });

  it('is for who may resolve it, in their own name, while it is open', async () => {
    const event = await addEvent(store, 'a', 'GT-48291', { by: 'operator-1' });
    const id = await addException(store, 'x', { event });
    const faulty = await take(id, 'security', { by: 'admin-1' });
    expect([faulty.status, faults(faulty)]).toEqual([400, [['/by', 'is not taken: who did it is said by the token']]]);
    expect([(await take(id, 'viewer')).status, (await take(id)).status]).toEqual([403, 403]);
    expect((await take('person:GT-48291/none', 'security')).status).toBe(404);
    const resolution = { action: 'drop', by: 'security-1', reason: 'a test' };
    await store.transaction((tx) => tx.resolveException(id, resolution, noon));
    expect(detail(await take(id, 'security'))).toEqual([
      409,
      `it was resolved already, at ${noon}: drop by security-1`,
    ]);
  });
});

describe('what the watch raised', () => {
  const id = 'watch/event:workday:a/run-1';
  beforeEach(async () => {
    await addEvent(store, 'a', 'GT-48291', { by: 'admin-1' });
    await addException(store, 'x', { id, kind: 'workflow-failed', workflowId: 'event:workday:a', event: 'workday:a' });
  });

  it('is closed by "done" without asking any workflow, once, with evidence of who did it', async () => {
    const both = await Promise.all([resolve(id, done), resolve(id, done, 'security')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const closed = both.find(({ status }) => status === 200)?.body as { exception: { resolution: { by: string } } };
    const { by } = closed.exception.resolution;
    expect(closed).toMatchObject({
      said: `${id}: done by ${by}`,
      exception: { id, resolvedAt: noon, resolution: { action: 'done', by, reason: 'seen to' } },
    });
    const { items } = await store.read((reader) => reader.evidence({ event: 'workday:a' }, {}));
    expect(items.filter(({ kind }) => kind === 'exception-resolved')).toMatchObject([
      { workflowId: 'event:workday:a', step: id, at: noon, data: { action: 'done', by } },
    ]);
    expect(workflows.told).toEqual([]);
  });

  it.each(['retry', 'drop'])('takes no "%s"', async (action) => {
    expect(detail(await resolve(id, { action, reason: 'so' }))).toEqual([
      409,
      'the watch found this, and no workflow waits for an answer: "done" closes it',
    ]);
  });
});
