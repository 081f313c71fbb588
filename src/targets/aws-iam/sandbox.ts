import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { MakeStandIn, StandInTools } from '../../sandbox/stand-in.ts';
import { operationOf } from './operation.ts';
import { type Action, actions, type Form, isReading } from './sandbox-actions.ts';
import { type SandboxUser, seedWorld, type World, worldSchema } from './sandbox-world.ts';
import { answerXml, errorXml, IamError } from './sandbox-xml.ts';

/** The access key that the stand-in takes: the one that AWS's own documentation uses for examples. */
export const sandboxCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
} as const;

const credentialScope =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[\w-]+\/iam\/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$/;
const formSchema = z.record(z.string(), z.string());

/** The error that IAM gives with each status. */
const errorsByStatus: Readonly<Record<number, [code: string, message: string]>> = {
  400: ['ValidationError', '1 validation error detected'],
  401: ['InvalidClientTokenId', 'The security token included in the request is invalid.'],
  403: ['AccessDenied', 'User is not authorized to perform the action'],
  404: ['NoSuchEntity', 'The entity cannot be found.'],
  409: ['EntityTemporarilyUnmodifiable', 'The entity cannot be modified at the moment. Try again.'],
  429: ['Throttling', 'Rate exceeded'],
  500: ['ServiceFailure', 'The request processing has failed because of an unknown error.'],
  503: ['ServiceUnavailable', 'Service unavailable'],
};

/**
 * A stand-in for IAM: the Query protocol, form-encoded in and XML out. A fault's `vendor` is an error code of IAM for
 * changing calls, for all or for one: `Throttling`, `AccessDenied:PutUserPolicy`.
 */
export const makeStandIn: MakeStandIn = (tools) => {
  let world = seedWorld([]);
  return {
    state: () => stateOf(world),
    seed: (people) => {
      world = seedWorld(people);
    },
    dump: () => world,
    restore: (dumped) => {
      world = worldSchema.parse(dumped);
    },
    router: routerOf(() => world, tools),
    errorBody: (status) => ({ body: errorXml(errorOf(status)), contentType: 'text/xml' }),
  };
};

function routerOf(world: () => World, tools: StandInTools): Router {
  const router = express.Router();
  router.post('/', express.urlencoded({ extended: false }), (request, response) => {
    const form = formSchema.safeParse(request.body).data ?? {};
    const name = form['Action'] ?? '';
    try {
      authenticate(request);
      const result = take(name, form, world(), tools);
      response.type('text/xml').send(answerXml(name, result));
    } catch (error) {
      if (!(error instanceof IamError)) throw error;
      response.status(error.status).type('text/xml').send(errorXml(error));
    }
  });
  return router;
}

function take(name: string, form: Form, world: World, tools: StandInTools): Record<string, unknown> {
  const action = actions[name];
  if (action === undefined)
    throw new IamError(400, 'InvalidAction', `The action ${name} is not valid for this endpoint.`);
  if (isReading(name)) return action(world, form);
  const fault = tools.fault();
  if (fault?.vendor !== undefined) refuseAs(fault.vendor, name);
  if (fault?.lie === true) return lieAbout(action, world, form);
  const user = userMeant(world, form);
  const result = action(world, form);
  const subject = user ?? userMeant(world, form);
  const worker = subject?.tags['employeeId'];
  tools.called({
    operation: operationOf(name),
    ...(worker === undefined ? {} : { worker }),
    ...(subject === undefined ? {} : { subject: subject.userName }),
  });
  return result;
}

/** Answers what the truth would, and has done nothing to the world; what only an earlier lie forbids is lied about too. */
function lieAbout(action: Action, world: World, form: Form): Record<string, unknown> {
  try {
    return action(structuredClone(world), form);
  } catch (error) {
    if (error instanceof IamError) return {};
    throw error;
  }
}

function authenticate(request: Request): void {
  const header = request.headers.authorization;
  if (header === undefined || request.headers['x-amz-date'] === undefined) {
    throw new IamError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  const match = credentialScope.exec(header);
  if (match === null) throw new IamError(403, 'IncompleteSignature', 'The request signature is not complete.');
  if (match[1] !== sandboxCredentials.accessKeyId) throw errorOf(401, 403);
}

function refuseAs(vendor: string, action: string): void {
  const [code = '', only] = vendor.split(':');
  if (only !== undefined && only !== action) return;
  const status = { Throttling: 400, AccessDenied: 403, NoSuchEntity: 404, ServiceFailure: 500 }[code] ?? 409;
  throw new IamError(status, code, `The sandbox answers ${code}, as its fault says`);
}

function errorOf(asked: number, status = asked): IamError {
  const [code, message] =
    errorsByStatus[asked] ?? (asked < 500 ? ['ValidationError', 'Not valid'] : ['ServiceFailure', 'Failed']);
  return new IamError(status, code, message);
}

/** Whose user a call is about: by name, or by what holds the name or the id (a device's serial number, a deny at a role). */
function userMeant(world: World, form: Form): SandboxUser | undefined {
  const name = form['UserName'] ?? /:mfa\/(.+)$/.exec(form['SerialNumber'] ?? '')?.[1];
  const id = form['PolicyName']?.split('.')[1];
  return world.users.find((user) => user.userName === name || (form['RoleName'] !== undefined && user.userId === id));
}

function stateOf(world: World): Record<string, unknown> {
  return {
    accounts: world.users.map((user) => ({
      id: user.userId,
      name: user.userName,
      worker: user.tags['employeeId'] ?? null,
      enabled: canSignIn(user),
      entitlements: [...user.groups.map((group) => `group:${group}`), ...user.attached.map((arn) => `policy:${arn}`)],
      sessions: world.roleSessions
        .filter((session) => session.name === user.userName && !isDeniedAtRole(world, session))
        .map(({ role, name }) => `${role}:${name}`),
      tags: user.tags,
      inlinePolicies: Object.keys(user.policies),
      accessKeys: user.accessKeys,
      loginProfile: user.loginProfile,
      mfaDevices: user.mfaDevices,
      sshKeys: user.sshKeys,
      serviceCredentials: user.serviceCredentials,
      certificates: user.certificates,
    })),
    groups: world.groups,
    roles: world.roles,
    unassignedDevices: world.unassignedDevices,
  };
}

function canSignIn(user: SandboxUser): boolean {
  const denied = Object.values(user.policies).some((document) => statementsOf(document).some(deniesEverything));
  const active = user.accessKeys.some(({ status }) => status === 'Active') || user.loginProfile !== null;
  return !denied || active;
}

const statement = z.looseObject({
  Effect: z.string(),
  Action: z.unknown(),
  Resource: z.unknown(),
  Condition: z
    .object({
      StringLike: z.object({ 'aws:userId': z.array(z.string()) }).exactOptional(),
      DateLessThan: z.object({ 'aws:TokenIssueTime': z.string() }).exactOptional(),
    })
    .exactOptional(),
});
type Statement = z.infer<typeof statement>;

function statementsOf(document: string): Statement[] {
  return z.object({ Statement: z.array(statement) }).safeParse(JSON.parse(document)).data?.Statement ?? [];
}

function deniesEverything({ Effect, Action, Resource, Condition }: Statement): boolean {
  return Effect === 'Deny' && Action === '*' && Resource === '*' && Condition === undefined;
}

function isDeniedAtRole(world: World, session: World['roleSessions'][number]): boolean {
  const policies = world.roles.find(({ name }) => name === session.role)?.policies ?? {};
  return Object.values(policies)
    .flatMap(statementsOf)
    .some(({ Effect, Condition }) => {
      const named = Condition?.StringLike?.['aws:userId'].includes(`*:${session.name}`) ?? false;
      const until = Condition?.DateLessThan?.['aws:TokenIssueTime'] ?? '';
      return Effect === 'Deny' && named && Date.parse(session.issuedAt) < Date.parse(until);
    });
}
