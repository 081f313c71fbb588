import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../../src/sandbox/certificates.ts';
import { definition } from '../../../src/targets/aws-iam/index.ts';
import type { AccountSeen, Target } from '../../../src/targets/target.ts';
import { type Moto, motoAvailable, startMoto } from '../../helpers/moto.ts';
import { context, only } from './account.ts';
import { policyOfReadme } from './policy.ts';

type Connected = Required<Pick<Target, 'accounts' | 'entitlements' | 'sessions'>> & Target;

const allow = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

/** The README's policy without its resources: moto asks for each IAM action on "*". */
function policyForMoto() {
  const policy = policyOfReadme();
  const Statement = policy.Statement.filter(({ Effect }) => Effect === 'Allow');
  return { ...policy, Statement: Statement.map((one) => ({ ...one, Resource: '*' })) };
}

/** IAM's enforcement is on in every test: Muster has the README's policy and Sarah's key has its own rights. */
describe.skipIf(!motoAvailable())('AWS IAM against moto', () => {
  let moto: Moto;
  let certificate: string;
  let root: IAM;
  let leaver: IAM;
  let target: Connected;
  let teamPolicy = '';

  const connect = (settings: Record<string, unknown> = {}, keys = musterKeys) =>
    definition.connect(
      {
        baseUrl: moto.url,
        accessKeyId: 'env:AWS_KEY_ID',
        secretAccessKey: 'env:AWS_SECRET',
        serviceSpecificCredentials: false,
        roleNames: ['Developer'],
        residualHours: 0,
        ...settings,
      },
      { secret: async (name) => (name === 'env:AWS_KEY_ID' ? keys.id : keys.secret), clock: () => Date.now() },
    ) as Connected;
  let musterKeys = { id: '', secret: '' };
  let limitedKeys = { id: '', secret: '' };

  const iamWith = (id: string, secret: string) =>
    new IAM({
      endpoint: moto.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: id, secretAccessKey: secret },
    });

  async function keyOf(UserName: string): Promise<{ id: string; secret: string }> {
    const { AccessKey } = await root.createAccessKey({ UserName });
    return { id: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' };
  }

  async function user(UserName: string, document: string, worker?: string) {
    await root.createUser({ UserName, ...(worker ? { Tags: [{ Key: 'employeeId', Value: worker }] } : {}) });
    await root.putUserPolicy({ UserName, PolicyName: 'Own', PolicyDocument: document });
    return keyOf(UserName);
  }

  /** Sarah's user with every kind of credential that moto has. */
  async function sarah(): Promise<void> {
    const { id, secret } = await user('schen', allow('iam:*'), 'GT-48291');
    leaver = iamWith(id, secret);
    await root.createLoginProfile({ UserName: 'schen', Password: 'Correct-horse-battery-1' });
    const { VirtualMFADevice } = await root.createVirtualMFADevice({ VirtualMFADeviceName: 'schen' });
    const SerialNumber = VirtualMFADevice?.SerialNumber;
    const codes = { AuthenticationCode1: '123456', AuthenticationCode2: '234567' };
    await root.enableMFADevice({ UserName: 'schen', SerialNumber, ...codes });
    await root.uploadSSHPublicKey({ UserName: 'schen', SSHPublicKeyBody: 'ssh-ed25519 AAAA' });
    await root.uploadSigningCertificate({ UserName: 'schen', CertificateBody: certificate });
    await root.createGroup({ GroupName: 'Engineering' });
    await root.addUserToGroup({ UserName: 'schen', GroupName: 'Engineering' });
    const { Policy } = await root.createPolicy({ PolicyName: 'Team', PolicyDocument: allow('s3:ListAllMyBuckets') });
    teamPolicy = Policy?.Arn ?? '';
    await root.attachUserPolicy({ UserName: 'schen', PolicyArn: teamPolicy });
  }

  beforeAll(async () => {
    moto = await startMoto();
    certificate = (await makeCertificates()).cert;
    root = iamWith('root', 'root');
  });
  afterAll(async () => {
    await moto?.close();
  });
  beforeEach(async () => {
    await moto.reset();
    await sarah();
    await user('schen2', allow('iam:GetUser'), 'GT-482910');
    await root.createRole({ RoleName: 'Developer', AssumeRolePolicyDocument: allow('sts:AssumeRole') });
    musterKeys = await user('muster', JSON.stringify(policyForMoto()));
    limitedKeys = await user('limited', allow('iam:GetAccountAuthorizationDetails'));
    target = connect();
    await moto.enforce();
  });

  const keys = { person: 'GT-48291', workerIds: ['GT-48291'], email: 'schen@globaltech.example', knownAccounts: [] };
  const find = async (): Promise<AccountSeen> => only(await target.accounts.find(keys, context()));
  const refused = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } };

  test('with the README’s policy Muster deletes her with all that she has, and lists who is there', async () => {
    const before = await find();
    await target.accounts.disable(before, context());
    const listed: unknown[][] = [];
    const listAll = async () => {
      listed.length = 0;
      for await (const page of target.accounts.list?.(context()) ?? []) {
        listed.push(...page.map(({ name, status, workerId }) => [name, status, workerId]));
      }
      return listed;
    };
    expect(await listAll()).toEqual(
      expect.arrayContaining([
        ['schen', 'disabled', 'GT-48291'],
        ['schen2', 'enabled', 'GT-482910'],
      ]),
    );
    expect(await target.accounts.remove?.(before, context())).toBe('changed');
    expect(await target.accounts.remove?.(before, context())).toBe('already');
    expect(await target.accounts.read(before.id, context())).toBeUndefined();
    expect((await listAll()).map(([name]) => name)).not.toContain('schen');
    const { VirtualMFADevices } = await iamWith(musterKeys.id, musterKeys.secret).listVirtualMFADevices({});
    expect(VirtualMFADevices).toEqual([]);
  });

  test('with the README’s policy Muster closes her, her own key is denied, and opened again it works', async () => {
    expect(await target.check(context())).toBe('AWS IAM answers for account 123456789012');
    expect((await leaver.getUser({ UserName: 'schen2' })).User?.UserName).toBe('schen2');
    const before = await find();
    expect(before).toMatchObject({
      name: 'schen',
      kind: 'primary',
      status: 'enabled',
      entitlements: ['group:Engineering', `policy:${teamPolicy}`],
      before: {
        denied: false,
        accessKeys: [{ active: true }],
        loginProfile: [{ active: true }],
        mfaDevices: [{ active: true }],
        sshKeys: [{ active: true }],
        certificates: [{ active: true }],
      },
    });

    expect(await target.accounts.disable(before, context())).toBe('changed');
    await expect(leaver.getUser({ UserName: 'schen2' })).rejects.toMatchObject(refused);
    const closed = await target.accounts.read(before.id, context());
    expect(closed).toMatchObject({
      status: 'disabled',
      before: {
        denied: true,
        accessKeys: [{ active: false }],
        loginProfile: [],
        mfaDevices: [],
        sshKeys: [{ active: false }],
        certificates: [{ active: false }],
      },
    });
    const asked: string[] = [];
    const noting = context({ beforeChange: async (operation) => void asked.push(operation) });
    expect(await target.accounts.disable(before, noting)).toBe('already');
    expect(asked).toEqual([]);

    expect(await target.accounts.enable(before, context())).toBe('changed');
    expect((await leaver.getUser({ UserName: 'schen2' })).User?.UserName).toBe('schen2');
    expect(await target.accounts.read(before.id, context())).toMatchObject({
      status: 'enabled',
      before: { ...before.before, mfaDevices: [] },
    });
    expect(await target.accounts.enable(before, noting)).toBe('already');
    expect(asked).toEqual([]);
  });

  test('groups and policies are taken once, read back gone, and given once', async () => {
    const account = await find();
    for (const entitlement of account.entitlements) {
      expect(await target.entitlements.revoke(account, entitlement, context())).toBe('changed');
      expect(await target.entitlements.revoke(account, entitlement, context())).toBe('already');
    }
    expect((await target.accounts.read(account.id, context()))?.entitlements).toEqual([]);
    for (const entitlement of account.entitlements) {
      expect(await target.entitlements.grant(account, entitlement, context())).toBe('changed');
      expect(await target.entitlements.grant(account, entitlement, context())).toBe('already');
    }
    expect((await target.accounts.read(account.id, context()))?.entitlements).toEqual(account.entitlements);
  });

  test('her sessions at a role are denied once', async () => {
    const account = await find();
    await target.accounts.disable(account, context());
    const session = { id: 'Developer', kind: 'roleSession' };
    expect(await target.sessions.list(account, context())).toEqual([session]);
    expect(await target.sessions.end(account, session, context())).toBe('changed');
    expect(await target.sessions.end(account, session, context())).toBe('already');
    expect(await target.sessions.list(account, context())).toEqual([]);
  });

  test('a new user is made once, denied', async () => {
    const hire = {
      person: 'GT-50001',
      workerId: 'GT-50001',
      login: 'lfischer',
      email: 'lena.fischer@globaltech.example',
      firstName: 'Lena',
      lastName: 'Fischer',
      enabled: false,
      attributes: {},
    };
    const first = await target.accounts.create?.(hire, context());
    expect(first).toMatchObject({ outcome: 'changed', account: { name: 'lfischer', status: 'disabled' } });
    expect(await target.accounts.create?.(hire, context())).toEqual({ account: first?.account, outcome: 'already' });
  });

  test('a wrong secret, a right that is missing and the kind moto lacks are each told for what they are', async () => {
    await expect(connect({}, { ...musterKeys, secret: 'wrong' }).check(context())).rejects.toMatchObject({
      code: 'credentials',
      message: expect.stringContaining('SignatureDoesNotMatch'),
    });
    await expect(connect({}, { id: 'AKIAUNKNOWN', secret: 'x' }).check(context())).rejects.toMatchObject({
      code: 'credentials',
    });
    await expect(connect({ roleNames: [] }, limitedKeys).accounts.find(keys, context())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('iam:GetUser'),
    });
    await expect(connect({ serviceSpecificCredentials: true }).accounts.find(keys, context())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ListServiceSpecificCredentials'),
    });
  });
});
