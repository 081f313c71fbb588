import { newUser, type SandboxUser, userArn, type World } from './sandbox-world.ts';
import { IamError } from './sandbox-xml.ts';

/** The form of a request: `Action`, `UserName`, `Tags.member.1.Key`, … */
export type Form = Readonly<Record<string, string>>;

type Result = Record<string, unknown>;
/** What one action does to the world, and what it answers. */
export type Action = (world: World, form: Form) => Result;
type Switched = 'accessKeys' | 'sshKeys' | 'serviceCredentials' | 'certificates';

const nothing: Result = {};

/** Actions that only read; all others are changing calls. */
export const isReading = (action: string): boolean => /^(Get|List)/.test(action);

/** What the stand-in can do, by the name of the action in the IAM API. */
export const actions: Readonly<Record<string, Action>> = {
  GetUser: (world, form) => ({ User: shown(userOf(world, form)) }),
  ListUsers: (world, form) => paged('Users', world.users.map(untagged), form),
  ListUserTags: (world, form) => paged('Tags', tagsOf(userOf(world, form)), form),
  GetAccountAuthorizationDetails: (world, form) => paged('UserDetailList', world.users.map(detailed), form),
  CreateUser: (world, form) => {
    const name = need(form, 'UserName');
    if (world.users.some((user) => user.userName.toLowerCase() === name.toLowerCase())) {
      throw new IamError(409, 'EntityAlreadyExists', `User with name ${name} already exists.`);
    }
    const user = newUser(name, tagsIn(form));
    world.users.push(user);
    return { User: shown(user) };
  },
  DeleteUser: (world, form) => {
    const user = userOf(world, form);
    const left = [
      ...[user.accessKeys, user.sshKeys, user.serviceCredentials, user.certificates, user.mfaDevices],
      ...[user.groups, user.attached, Object.keys(user.policies), user.loginProfile === null ? [] : ['profile']],
    ];
    if (left.some((list) => list.length > 0)) {
      throw new IamError(
        409,
        'DeleteConflict',
        'Cannot delete entity, must delete its credentials and policies first.',
      );
    }
    world.users = world.users.filter((one) => one !== user);
    return nothing;
  },
  ListUserPolicies: (world, form) => paged('PolicyNames', Object.keys(userOf(world, form).policies), form),
  TagUser: (world, form) => {
    Object.assign(userOf(world, form).tags, tagsIn(form));
    return nothing;
  },
  UntagUser: (world, form) => {
    for (const key of memberValues(form, 'TagKeys')) delete userOf(world, form).tags[key];
    return nothing;
  },

  GetUserPolicy: (world, form) => {
    const PolicyName = need(form, 'PolicyName');
    const document = userOf(world, form).policies[PolicyName];
    if (document === undefined) throw noSuch(`The user policy with name ${PolicyName} cannot be found.`);
    return { UserName: form['UserName'], PolicyName, PolicyDocument: encodeURIComponent(document) };
  },
  PutUserPolicy: (world, form) => {
    userOf(world, form).policies[need(form, 'PolicyName')] = documentIn(form);
    return nothing;
  },
  DeleteUserPolicy: (world, form) => {
    const { policies } = userOf(world, form);
    const name = need(form, 'PolicyName');
    if (policies[name] === undefined) throw noSuch(`The user policy with name ${name} cannot be found.`);
    delete policies[name];
    return nothing;
  },

  ListAccessKeys: (world, form) => switchedList(world, form, 'accessKeys', 'AccessKeyMetadata', 'AccessKeyId'),
  DeleteAccessKey: (world, form) => deleteOne(world, form, 'accessKeys', 'AccessKeyId'),
  UpdateAccessKey: (world, form) => switchOne(world, form, 'accessKeys', 'AccessKeyId'),
  ListSSHPublicKeys: (world, form) => switchedList(world, form, 'sshKeys', 'SSHPublicKeys', 'SSHPublicKeyId'),
  DeleteSSHPublicKey: (world, form) => deleteOne(world, form, 'sshKeys', 'SSHPublicKeyId'),
  UpdateSSHPublicKey: (world, form) => switchOne(world, form, 'sshKeys', 'SSHPublicKeyId'),
  ListServiceSpecificCredentials: (world, form) =>
    switchedList(world, form, 'serviceCredentials', 'ServiceSpecificCredentials', 'ServiceSpecificCredentialId'),
  DeleteServiceSpecificCredential: (world, form) =>
    deleteOne(world, form, 'serviceCredentials', 'ServiceSpecificCredentialId'),
  UpdateServiceSpecificCredential: (world, form) =>
    switchOne(world, form, 'serviceCredentials', 'ServiceSpecificCredentialId'),
  ListSigningCertificates: (world, form) => switchedList(world, form, 'certificates', 'Certificates', 'CertificateId'),
  DeleteSigningCertificate: (world, form) => deleteOne(world, form, 'certificates', 'CertificateId'),
  UpdateSigningCertificate: (world, form) => switchOne(world, form, 'certificates', 'CertificateId'),

  GetLoginProfile: (world, form) => {
    const { userName, loginProfile } = userOf(world, form);
    if (loginProfile === null) throw noSuch(`Login Profile for User ${userName} cannot be found.`);
    const PasswordResetRequired = loginProfile.passwordResetRequired;
    return { LoginProfile: { UserName: userName, CreateDate: created, PasswordResetRequired } };
  },
  CreateLoginProfile: (world, form) => {
    const user = userOf(world, form);
    if (user.loginProfile !== null) {
      throw new IamError(409, 'EntityAlreadyExists', `Login Profile for user ${user.userName} already exists.`);
    }
    if (need(form, 'Password').length < 14) {
      throw new IamError(400, 'PasswordPolicyViolation', 'Password should have a minimum length of 14');
    }
    user.loginProfile = { passwordResetRequired: form['PasswordResetRequired'] === 'true' };
    return { LoginProfile: { UserName: user.userName, CreateDate: created } };
  },
  DeleteLoginProfile: (world, form) => {
    const user = userOf(world, form);
    if (user.loginProfile === null) throw noSuch(`Login Profile for User ${user.userName} cannot be found.`);
    user.loginProfile = null;
    return nothing;
  },

  ListMFADevices: (world, form) => {
    const { userName, mfaDevices } = userOf(world, form);
    const devices = mfaDevices.map((SerialNumber) => ({ UserName: userName, SerialNumber, EnableDate: created }));
    return paged('MFADevices', devices, form);
  },
  ListVirtualMFADevices: (world, form) => {
    const assigned = world.users.flatMap(({ mfaDevices }) => mfaDevices);
    const wanted = { Assigned: assigned, Unassigned: world.unassignedDevices }[need(form, 'AssignmentStatus')];
    const devices = (wanted ?? [...assigned, ...world.unassignedDevices]).map((SerialNumber) => ({ SerialNumber }));
    return paged('VirtualMFADevices', devices, form);
  },
  DeactivateMFADevice: (world, form) => {
    const user = userOf(world, form);
    const serial = need(form, 'SerialNumber');
    if (!user.mfaDevices.includes(serial)) throw noSuch(`MFA Device ${serial} is not valid for the user.`);
    user.mfaDevices = user.mfaDevices.filter((device) => device !== serial);
    if (serial.includes(':mfa/')) world.unassignedDevices.push(serial);
    return nothing;
  },
  DeleteVirtualMFADevice: (world, form) => {
    const serial = need(form, 'SerialNumber');
    if (world.users.some(({ mfaDevices }) => mfaDevices.includes(serial))) {
      throw new IamError(409, 'DeleteConflict', 'MFA VirtualDevice in use. Must deactivate first.');
    }
    if (!world.unassignedDevices.includes(serial)) {
      throw noSuch(`VirtualMFADevice with serial number ${serial} doesn't exist.`);
    }
    world.unassignedDevices = world.unassignedDevices.filter((device) => device !== serial);
    return nothing;
  },

  ListGroupsForUser: (world, form) => {
    const groups = userOf(world, form).groups.map((GroupName) => ({ Path: '/', GroupName, CreateDate: created }));
    return paged('Groups', groups, form);
  },
  AddUserToGroup: (world, form) => {
    const user = userOf(world, form);
    user.groups = [...new Set([...user.groups, groupIn(world, form)])];
    return nothing;
  },
  RemoveUserFromGroup: (world, form) => {
    const user = userOf(world, form);
    const group = groupIn(world, form);
    if (!user.groups.includes(group)) throw noSuch(`User ${user.userName} is not in group ${group}.`);
    user.groups = user.groups.filter((name) => name !== group);
    return nothing;
  },
  ListAttachedUserPolicies: (world, form) =>
    paged('AttachedPolicies', userOf(world, form).attached.map(attachedPolicy), form),
  AttachUserPolicy: (world, form) => {
    const user = userOf(world, form);
    const arn = need(form, 'PolicyArn');
    if (!world.policies.includes(arn)) throw noSuch(`Policy ${arn} does not exist or is not attachable.`);
    user.attached = [...new Set([...user.attached, arn])];
    return nothing;
  },
  DetachUserPolicy: (world, form) => {
    const user = userOf(world, form);
    const arn = need(form, 'PolicyArn');
    if (!user.attached.includes(arn)) throw noSuch(`Policy ${arn} was not found.`);
    user.attached = user.attached.filter((one) => one !== arn);
    return nothing;
  },

  ListRolePolicies: (world, form) => paged('PolicyNames', Object.keys(roleOf(world, form).policies), form),
  PutRolePolicy: (world, form) => {
    roleOf(world, form).policies[need(form, 'PolicyName')] = documentIn(form);
    return nothing;
  },
  DeleteRolePolicy: (world, form) => {
    const { policies } = roleOf(world, form);
    const name = need(form, 'PolicyName');
    if (policies[name] === undefined) throw noSuch(`The role policy with name ${name} cannot be found.`);
    delete policies[name];
    return nothing;
  },
};

const created = '2024-01-15T09:00:00Z';

function userOf(world: World, form: Form): SandboxUser {
  const name = need(form, 'UserName');
  const user = world.users.find(({ userName }) => userName === name);
  if (user === undefined) throw noSuch(`The user with name ${name} cannot be found.`);
  return user;
}

function roleOf(world: World, form: Form): World['roles'][number] {
  const name = need(form, 'RoleName');
  const role = world.roles.find((one) => one.name === name);
  if (role === undefined) throw noSuch(`The role with name ${name} cannot be found.`);
  return role;
}

function groupIn(world: World, form: Form): string {
  const name = need(form, 'GroupName');
  if (!world.groups.includes(name)) throw noSuch(`The group with name ${name} cannot be found.`);
  return name;
}

function documentIn(form: Form): string {
  const text = need(form, 'PolicyDocument');
  try {
    JSON.parse(text);
  } catch {
    throw new IamError(400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
  }
  return text;
}

function switchedList(world: World, form: Form, kind: Switched, list: string, idName: string): Result {
  const user = userOf(world, form);
  const items = user[kind].map(({ id, status }) => ({ UserName: user.userName, [idName]: id, Status: status }));
  return paged(list, items, form);
}

function switchOne(world: World, form: Form, kind: Switched, idName: string): Result {
  const id = need(form, idName);
  const status = need(form, 'Status');
  const one = userOf(world, form)[kind].find((held) => held.id === id);
  if (one === undefined) throw noSuch(`The ${idName} ${id} cannot be found.`);
  if (status !== 'Active' && status !== 'Inactive') {
    throw new IamError(400, 'ValidationError', `${status} is not a status`);
  }
  one.status = status;
  return nothing;
}

function deleteOne(world: World, form: Form, kind: Switched, idName: string): Result {
  const id = need(form, idName);
  const user = userOf(world, form);
  if (!user[kind].some((held) => held.id === id)) throw noSuch(`The ${idName} ${id} cannot be found.`);
  user[kind] = user[kind].filter((held) => held.id !== id);
  return nothing;
}

/** One page of a list: `MaxItems` (100 unless told), `Marker`, `IsTruncated`. */
function paged(list: string, items: unknown[], form: Form): Result {
  const from = Number(form['Marker'] ?? 0);
  const most = Number(form['MaxItems'] ?? 100);
  if (!Number.isInteger(from) || !(most >= 1 && most <= 1000)) {
    throw new IamError(400, 'ValidationError', 'Marker or MaxItems is out of range.');
  }
  const end = from + most;
  const more = end < items.length;
  return { [list]: items.slice(from, end), IsTruncated: more, ...(more ? { Marker: String(end) } : {}) };
}

function untagged(user: SandboxUser): Result {
  const { userName, userId } = user;
  return { Path: '/', UserName: userName, UserId: userId, Arn: userArn(userName), CreateDate: created };
}

const shown = (user: SandboxUser): Result => ({ ...untagged(user), Tags: tagsOf(user) });

const detailed = (user: SandboxUser): Result => ({
  ...shown(user),
  GroupList: user.groups,
  AttachedManagedPolicies: user.attached.map(attachedPolicy),
  UserPolicyList: Object.entries(user.policies).map(([PolicyName, document]) => ({
    PolicyName,
    PolicyDocument: encodeURIComponent(document),
  })),
});

const tagsOf = (user: SandboxUser) => Object.entries(user.tags).map(([Key, Value]) => ({ Key, Value }));

const attachedPolicy = (arn: string) => ({ PolicyArn: arn, PolicyName: arn.split('/').at(-1) });

function tagsIn(form: Form): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let at = 1; form[`Tags.member.${at}.Key`] !== undefined; at += 1) {
    tags[need(form, `Tags.member.${at}.Key`)] = form[`Tags.member.${at}.Value`] ?? '';
  }
  return tags;
}

function memberValues(form: Form, list: string): string[] {
  return Object.entries(form).flatMap(([key, value]) => (key.startsWith(`${list}.member.`) ? [value] : []));
}

function need(form: Form, field: string): string {
  const value = form[field];
  if (value === undefined) throw new IamError(400, 'ValidationError', `${field} is required`);
  return value;
}

const noSuch = (message: string): IamError => new IamError(404, 'NoSuchEntity', message);
