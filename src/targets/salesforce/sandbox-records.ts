import express, { type Router } from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { assigned, assignmentOf, idOf, type Org, permissionSets, profiles, workerOf } from './sandbox-org.ts';
import { found, Refusal } from './sandbox-web.ts';

/** Changes to single records: users and their logins, permission set assignments, sessions. */
export function recordRoutes(org: () => Org, tools: StandInTools): Router {
  const api = express.Router({ mergeParams: true });
  const vendor = (name: string) => tools.fault()?.vendor === name;

  /** Obeys a change, unless the fault says to lie about it. */
  const change = (operation: string, userId: string, obey: () => void) => {
    const user = org().users.find((one) => one.Id === userId);
    if (vendor('lockRow'))
      throw new Refusal(400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record');
    if (tools.fault()?.lie === true) return;
    obey();
    const worker = workerOf(user);
    tools.called({
      operation,
      ...(worker === undefined ? {} : { worker }),
      ...(user === undefined ? {} : { subject: user.Username }),
    });
  };
  const json = express.json();

  api.patch('/sobjects/UserLogin/:id', json, (request, response) => {
    const { IsFrozen } = z.strictObject({ IsFrozen: z.boolean() }).parse(request.body);
    const login = found(org().logins.find((one) => one.Id === request.params.id));
    change(IsFrozen ? 'freeze user' : 'unfreeze user', login.UserId, () => {
      login.IsFrozen = IsFrozen;
    });
    response.status(204).end();
  });

  api.patch('/sobjects/User/:id', json, (request, response) => {
    const { IsActive, ...attributes } = changeSchema.parse(request.body);
    const user = found(org().users.find((one) => one.Id === request.params.id));
    if (IsActive === undefined) {
      change('update user', user.Id, () => void Object.assign(user, attributes));
      return void response.status(204).end();
    }
    if (!IsActive && vendor('refuseDeactivation')) {
      throw new Refusal(
        400,
        'FIELD_INTEGRITY_EXCEPTION',
        'Cannot inactivate user that is the value of a hierarchy field',
      );
    }
    if (IsActive && !user.IsActive && vendor('noLicenses')) throw outOfLicenses();
    change(IsActive ? 'reactivate user' : 'deactivate user', user.Id, () => {
      user.IsActive = IsActive;
    });
    response.status(204).end();
  });

  api.post('/sobjects/User', json, (request, response) => {
    const fields = newUserSchema.parse(request.body);
    if (vendor('noLicenses')) throw outOfLicenses();
    const id = idOf('005', fields.Username);
    const taken = (field: 'Username' | 'FederationIdentifier') =>
      org().users.some((user) => user[field]?.toLowerCase() === fields[field].toLowerCase());
    if (taken('Username')) throw new Refusal(400, 'DUPLICATE_USERNAME', 'Duplicate Username.');
    if (taken('FederationIdentifier')) {
      throw new Refusal(400, 'DUPLICATE_VALUE', 'duplicate value found: FederationIdentifier');
    }
    if (!Object.values(profiles).some((profile) => profile.Id === fields.ProfileId)) {
      throw new Refusal(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
    }
    if (tools.fault()?.lie !== true) {
      const { FirstName, LastName, Username, Email, IsActive, FederationIdentifier, EmployeeNumber, ProfileId } =
        fields;
      org().users.push({
        Id: id,
        Department: null,
        Title: null,
        ...{ FirstName, LastName, Username, Email, IsActive, FederationIdentifier, EmployeeNumber, ProfileId },
      });
      org().logins.push({ Id: idOf('0Yw', fields.Username), UserId: id, IsFrozen: false });
    }
    change('create user', id, () => {});
    response.status(201).json({ id, success: true, errors: [] });
  });

  api.post('/sobjects/PermissionSetAssignment', json, (request, response) => {
    const fields = newAssignmentSchema.parse(request.body);
    const made = assignmentOf(fields.AssigneeId, fields.PermissionSetGroupId ?? fields.PermissionSetId ?? '');
    if (permissionSets[assigned(made)] === undefined || !org().users.some((user) => user.Id === made.AssigneeId)) {
      throw new Refusal(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
    }
    if (org().assignments.some((one) => one.Id === made.Id)) {
      throw new Refusal(400, 'DUPLICATE_VALUE', 'duplicate value found: Duplicate PermissionSetAssignment.');
    }
    change('assign permission set', made.AssigneeId, () => void org().assignments.push(made));
    response.status(201).json({ id: made.Id, success: true, errors: [] });
  });

  api.delete('/sobjects/PermissionSetAssignment/:id', (request, response) => {
    const held = found(org().assignments.find((one) => one.Id === request.params.id));
    if (permissionSets[assigned(held)]?.ownedByProfile === true) {
      throw new Refusal(400, 'INSUFFICIENT_ACCESS_OR_READONLY', "can't remove a permission set that a profile owns");
    }
    change('remove permission set', held.AssigneeId, () => {
      org().assignments = org().assignments.filter((one) => one !== held);
    });
    response.status(204).end();
  });

  api.delete('/sobjects/AuthSession/:id', (request, response) => {
    const session = found(org().sessions.find((one) => one.Id === request.params.id));
    change('end session', session.UsersId, () => {
      org().sessions = org().sessions.filter((one) => one !== session);
    });
    response.status(204).end();
  });

  return api;
}

const changeSchema = z
  .strictObject({
    IsActive: z.boolean(),
    FirstName: z.string().max(40).nullable(),
    LastName: z.string().min(1).max(80),
    Department: z.string().max(80).nullable(),
    Title: z.string().max(80).nullable(),
  })
  .partial();

const newAssignmentSchema = z.strictObject({
  AssigneeId: z.string(),
  PermissionSetId: z.string().startsWith('0PS').optional(),
  PermissionSetGroupId: z.string().startsWith('0PG').optional(),
});

const newUserSchema = z.strictObject({
  Username: z.email(),
  Email: z.email(),
  FirstName: z.string().optional(),
  LastName: z.string().min(1),
  Alias: z.string().min(1).max(8),
  FederationIdentifier: z.string().min(1),
  EmployeeNumber: z.string().min(1),
  ProfileId: z.string().min(1),
  TimeZoneSidKey: z.string().min(1),
  LocaleSidKey: z.string().min(1),
  LanguageLocaleKey: z.string().min(1),
  EmailEncodingKey: z.literal('UTF-8'),
  IsActive: z.boolean(),
});

const outOfLicenses = (): Refusal => new Refusal(400, 'LICENSE_LIMIT_EXCEEDED', 'License Limit Exceeded');
