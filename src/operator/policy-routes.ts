import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import { plannedTargets } from '../../activities/access.ts';
import { type Config, placedFaults } from '../config.ts';
import type { Planning } from '../dry-run/dry-run.ts';
import { HttpProblem } from '../http/problem.ts';
import { Failure } from '../model/failure.ts';
import { musterQueue, priorities, workflowTypes } from '../model/messages.ts';
import { type PropagationInput, propagationWorkflowId } from '../model/propagation.ts';
import { parsePolicy } from '../policy/load.ts';
import { unknownReferences } from '../policy/references.ts';
import type { Policy } from '../policy/schema.ts';
import { planEverybody } from '../propagation/plan-everybody.ts';
import { lastPropagation, progressOf, stopPropagation } from '../propagation/rows.ts';
import { surroundingsOf } from '../surroundings.ts';
import type { Desk } from './operator.ts';
import { ready } from './plan-routes.ts';
import {
  policyAppliedShape,
  policyPlanBody,
  policyPlanShape,
  policyStopBody,
  propagationShape,
} from './policy-shapes.ts';
import { noBody, noQuery, type Route, route } from './route.ts';

const lookers = ['operator', 'approver', 'security', 'auditor', 'admin'] as const;

/** Whom a policy touches, and how it comes to everybody. */
export function policyRoutes(desk: Desk, { operators }: Pick<Config, 'operators'>, planning: () => Planning): Route[] {
  const { store, now, withWorkflows } = desk;
  return [
    route({
      method: 'post',
      path: '/api/policy/plan',
      summary: 'Whom a policy would touch and how, from what the directory knows: nothing is changed',
      roles: lookers,
      query: noQuery,
      body: policyPlanBody,
      answer: policyPlanShape,
      work: ({ body: { policy: text, limit, cursor } }) => {
        const made = ready(planning);
        const policy = text === undefined ? made.policy : policyIn(text, made, operators);
        const question = { policy, inForce: made.policy, targets: plannedTargets(made), at: now() };
        return store.read((reader) => planEverybody(reader, question, { after: cursor, limit }));
      },
    }),
    route({
      method: 'post',
      path: '/api/policy/apply',
      summary: 'Bring everybody in line with the policy in force, in batches; one that was stopped goes on',
      roles: ['operator', 'admin'],
      starts: true,
      query: noQuery,
      body: z.strictObject({}),
      answer: policyAppliedShape,
      work: ({ operator }) => {
        const { hash } = ready(planning).policy;
        return withWorkflows(async (workflows) => {
          const workflowId = propagationWorkflowId(hash);
          const is = (status: 'accepted' | 'running') => ({ status, policy: hash, workflowId });
          try {
            await workflows.start<(input: PropagationInput) => Promise<unknown>>(workflowTypes.propagatePolicy, {
              ...{ workflowId, taskQueue: musterQueue, args: [{ policy: hash, by: operator.id }] },
              ...{ workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'FAIL' },
              priority: { priorityKey: priorities.bulk },
              staticSummary: 'bring everybody in line with the policy',
            });
          } catch (error) {
            if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
            return is('running');
          }
          return is('accepted');
        });
      },
    }),
    route({
      method: 'post',
      path: '/api/policy/stop',
      summary: 'Stop the policy that is on its way: nobody else is touched, and what has begun goes on',
      roles: ['operator', 'security', 'admin'],
      query: noQuery,
      body: policyStopBody,
      answer: propagationShape,
      work: async ({ operator, body: { reason } }) => {
        const stopped = await store.transaction((tx) => stopPropagation(tx, { by: operator.id, at: now(), reason }));
        if (stopped === undefined) throw new HttpProblem(409, 'no policy is on its way');
        return stopped;
      },
    }),
    route({
      method: 'get',
      path: '/api/policy/progress',
      summary: 'How far the last policy that was applied has come',
      query: noQuery,
      body: noBody,
      answer: propagationShape,
      work: async () => {
        const row = await store.read(lastPropagation);
        if (row === undefined) throw new HttpProblem(404, 'no policy has been applied yet');
        return progressOf(row);
      },
    }),
  ];
}

/** The policy in a text; every fault of it is named, with line and column. */
function policyIn(text: string, made: Planning, operators: Config['operators']): Policy {
  const file = 'policy';
  let policy: Policy;
  try {
    policy = parsePolicy(text, file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw faulty(error.message.split('\n'));
  }
  const unknown = unknownReferences(policy, surroundingsOf({ sources: made.sources, operators }, made.targets));
  if (unknown.length > 0) throw faulty(placedFaults(text, file, unknown));
  return policy;
}

const faulty = (faults: string[]): HttpProblem =>
  new HttpProblem(400, 'the policy has faults', {
    members: { errors: faults.slice(0, 100).map((problem) => ({ path: '/policy', problem })) },
  });
