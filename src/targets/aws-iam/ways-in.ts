import { randomBytes } from 'node:crypto';
import type { IAM, StatusType } from '@aws-sdk/client-iam';
import type { CallContext, Outcome } from '../target.ts';
import { type CallOptions, type IamClient, present } from './client.ts';
import type { Credential, WayName } from './held.ts';

type Act = (client: IamClient, userName: string, id: string, context: CallContext) => Promise<Outcome>;

/** One kind of credential: how it is seen, taken away and given back. */
export interface WayIn {
  list(client: IamClient, userName: string, signal: AbortSignal): Promise<Credential[]>;
  close: Act;
  /** Takes it away for good; before a user can be deleted, none may be left. */
  remove: Act;
  /** Absent: it cannot be given back. */
  reopen?: Act;
}

const accessKeys: WayIn = {
  list: (client, UserName, signal) =>
    client.list(
      'ListAccessKeys',
      signal,
      (iam, page, options) => iam.listAccessKeys({ UserName, ...page }, options),
      (answer) => answer.AccessKeyMetadata?.map((key) => credential('ListAccessKeys', key.AccessKeyId, key.Status)),
    ),
  ...switched('UpdateAccessKey', (iam, UserName, AccessKeyId, Status, options) =>
    iam.updateAccessKey({ UserName, AccessKeyId, Status }, options),
  ),
  remove: (client, UserName, AccessKeyId, context) =>
    client.changeIfThere('DeleteAccessKey', context, (iam, options) =>
      iam.deleteAccessKey({ UserName, AccessKeyId }, options),
    ),
};

const deleteLoginProfile: Act = (client, UserName, _id, context) =>
  client.changeIfThere('DeleteLoginProfile', context, (iam, options) => iam.deleteLoginProfile({ UserName }, options));

/** The console password. IAM has no switch for it, so it is deleted, and a new one is made that nobody knows. */
const loginProfile: WayIn = {
  list: async (client, UserName, signal) => {
    const answer = await client.find('GetLoginProfile', signal, (iam, options) =>
      iam.getLoginProfile({ UserName }, options),
    );
    return answer === undefined ? [] : [{ id: 'console', active: true }];
  },
  close: deleteLoginProfile,
  remove: deleteLoginProfile,
  reopen: (client, UserName, _id, context) =>
    client.change('CreateLoginProfile', context, (iam, options) =>
      iam.createLoginProfile({ UserName, Password: newPassword(), PasswordResetRequired: true }, options),
    ),
};

const deleteDevice: Act = async (client, UserName, SerialNumber, context) => {
  const deactivated = await client.changeIfThere('DeactivateMFADevice', context, (iam, options) =>
    iam.deactivateMFADevice({ UserName, SerialNumber }, options),
  );
  const deleted = isVirtual(SerialNumber) ? await deleteVirtualMfaDevice(client, SerialNumber, context) : 'already';
  return deactivated === 'changed' ? deactivated : deleted;
};

/** Only the person can bring a device back: it takes two codes from it. */
const mfaDevices: WayIn = {
  list: (client, UserName, signal) =>
    client.list(
      'ListMFADevices',
      signal,
      (iam, page, options) => iam.listMFADevices({ UserName, ...page }, options),
      (answer) => answer.MFADevices?.map((device) => credential('ListMFADevices', device.SerialNumber, 'Active')),
    ),
  close: deleteDevice,
  remove: deleteDevice,
};

const sshKeys: WayIn = {
  list: (client, UserName, signal) =>
    client.list(
      'ListSSHPublicKeys',
      signal,
      (iam, page, options) => iam.listSSHPublicKeys({ UserName, ...page }, options),
      (answer) => answer.SSHPublicKeys?.map((key) => credential('ListSSHPublicKeys', key.SSHPublicKeyId, key.Status)),
    ),
  ...switched('UpdateSSHPublicKey', (iam, UserName, SSHPublicKeyId, Status, options) =>
    iam.updateSSHPublicKey({ UserName, SSHPublicKeyId, Status }, options),
  ),
  remove: (client, UserName, SSHPublicKeyId, context) =>
    client.changeIfThere('DeleteSSHPublicKey', context, (iam, options) =>
      iam.deleteSSHPublicKey({ UserName, SSHPublicKeyId }, options),
    ),
};

/** CodeCommit passwords, Keyspaces credentials, Bedrock API keys. */
const serviceCredentials: WayIn = {
  list: (client, UserName, signal) =>
    client.list(
      'ListServiceSpecificCredentials',
      signal,
      (iam, page, options) => iam.listServiceSpecificCredentials({ UserName, ...page }, options),
      (answer) =>
        answer.ServiceSpecificCredentials?.map((one) =>
          credential('ListServiceSpecificCredentials', one.ServiceSpecificCredentialId, one.Status),
        ),
    ),
  ...switched('UpdateServiceSpecificCredential', (iam, UserName, ServiceSpecificCredentialId, Status, options) =>
    iam.updateServiceSpecificCredential({ UserName, ServiceSpecificCredentialId, Status }, options),
  ),
  remove: (client, UserName, ServiceSpecificCredentialId, context) =>
    client.changeIfThere('DeleteServiceSpecificCredential', context, (iam, options) =>
      iam.deleteServiceSpecificCredential({ UserName, ServiceSpecificCredentialId }, options),
    ),
};

const certificates: WayIn = {
  list: (client, UserName, signal) =>
    client.list(
      'ListSigningCertificates',
      signal,
      (iam, page, options) => iam.listSigningCertificates({ UserName, ...page }, options),
      (answer) =>
        answer.Certificates?.map((one) => credential('ListSigningCertificates', one.CertificateId, one.Status)),
    ),
  ...switched('UpdateSigningCertificate', (iam, UserName, CertificateId, Status, options) =>
    iam.updateSigningCertificate({ UserName, CertificateId, Status }, options),
  ),
  remove: (client, UserName, CertificateId, context) =>
    client.changeIfThere('DeleteSigningCertificate', context, (iam, options) =>
      iam.deleteSigningCertificate({ UserName, CertificateId }, options),
    ),
};

/** Every way into an account that an IAM user can have. */
export const waysIn: Readonly<Record<WayName, WayIn>> = {
  accessKeys,
  loginProfile,
  mfaDevices,
  sshKeys,
  serviceCredentials,
  certificates,
};

/** Virtual devices whose deactivation was answered and whose deletion was not: they belong to nobody and block the name. */
export async function virtualDevicesLeft(
  client: IamClient,
  before: Credential[],
  signal: AbortSignal,
): Promise<string[]> {
  const mine = new Set(before.map(({ id }) => id).filter(isVirtual));
  if (mine.size === 0) return [];
  const unassigned = await client.list(
    'ListVirtualMFADevices',
    signal,
    (iam, page, options) => iam.listVirtualMFADevices({ AssignmentStatus: 'Unassigned', ...page }, options),
    (answer) => answer.VirtualMFADevices,
  );
  return unassigned.flatMap(({ SerialNumber }) =>
    SerialNumber !== undefined && mine.has(SerialNumber) ? [SerialNumber] : [],
  );
}

/** Deletes a virtual device that is no longer anybody's. */
export function deleteVirtualMfaDevice(
  client: IamClient,
  SerialNumber: string,
  context: CallContext,
): Promise<Outcome> {
  return client.changeIfThere('DeleteVirtualMFADevice', context, (iam, options) =>
    iam.deleteVirtualMFADevice({ SerialNumber }, options),
  );
}

function switched(
  action: string,
  set: (iam: IAM, userName: string, id: string, status: StatusType, options: CallOptions) => Promise<unknown>,
): Required<Pick<WayIn, 'close' | 'reopen'>> {
  const to =
    (status: StatusType): Act =>
    (client, userName, id, context) =>
      client.changeIfThere(action, context, (iam, options) => set(iam, userName, id, status, options));
  return { close: to('Inactive'), reopen: to('Active') };
}

function credential(action: string, id: string | undefined, status: StatusType | undefined): Credential {
  return { id: present(id, action, 'the id'), active: present(status, action, 'Status') === 'Active' };
}

/** Hardware and passkeys have serial numbers of other forms and nothing to delete. */
const isVirtual = (serialNumber: string): boolean => serialNumber.includes(':mfa/');

/** Meets every password policy that IAM can express (length, all four classes); kept nowhere. */
const newPassword = (): string => `${randomBytes(30).toString('base64url')}aA1!`;
