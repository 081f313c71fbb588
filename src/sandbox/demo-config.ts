import type { z } from 'zod';
import type { configSchema } from '../config.ts';
import {
  sandboxSettings as activeDirectory,
  sandboxCredentials as domain,
} from '../targets/active-directory/sandbox.ts';
import { sandboxCredentials as aws } from '../targets/aws-iam/sandbox.ts';
import { sandboxCredentials as vault } from '../targets/cyberark/sandbox.ts';
import { sandboxCredentials as entra, sandboxLicences, sandboxMailboxLicences } from '../targets/entra-id/sandbox.ts';
import { sandboxCredentials as github } from '../targets/github/sandbox.ts';
import { sandboxCredentials as jira } from '../targets/jira/sandbox.ts';
import { sandboxCredentials as salesforce } from '../targets/salesforce/sandbox.ts';
import { sandboxCredentials as portal } from '../targets/scim/sandbox.ts';
import { sandboxOrders as catalogue, sandboxCredentials as servicenow } from '../targets/servicenow/sandbox.ts';
import { sandboxChannels, sandboxUserId, sandboxCredentials as slack } from '../targets/slack/sandbox.ts';
import { sandboxSettings as mail, sandboxCredentials as mailer } from '../targets/smtp/sandbox.ts';
import { globalTechPeople } from './globaltech.ts';
import { makePrivateKey } from './private-key.ts';

/** Where the running sandbox is. */
export interface SandboxAddress {
  /** `http://127.0.0.1:8090`; each target answers below it under its name. */
  sandboxUrl: string;
  /** `ldaps://127.0.0.1:8636`. */
  ldapsUrl: string;
  /** `smtp://127.0.0.1:8587`. */
  smtpUrl: string;
  /** PEM file of the authority behind these two; absolute, or relative to muster.yaml. */
  caPath: string;
}

/** GlobalTech's muster.yaml as a value: the format of production, with the sandbox's addresses and secrets by reference. */
export function demoConfig(address: SandboxAddress): z.input<typeof configSchema> {
  const { sandboxUrl, ldapsUrl, smtpUrl, caPath } = address;
  return {
    proofKey: secret('proof-key'),
    birthDateKey: secret('birth-date-key'),
    sources: {
      workday: { kind: 'workday', authoritative: true, mode: 'enforce', authentication: signedBy('workday') },
      cloudevents: { kind: 'cloudevents', mode: 'enforce', authentication: signedBy('cloudevents') },
      slack: { kind: 'slack', settings: { signingSecret: secret('slack-signing'), users: slackUsers } },
    },
    targets: {
      'active-directory': {
        kind: 'active-directory',
        mode: 'enforce',
        settings: { ...activeDirectory, url: ldapsUrl, password: secret('active-directory'), ca: `file:${caPath}` },
      },
      'entra-id': {
        kind: 'entra-id',
        mode: 'enforce',
        settings: {
          tenant: entra.tenant,
          clientId: entra.clientId,
          credential: { type: 'secret', clientSecret: secret('entra-id') },
          baseUrl: `${sandboxUrl}/entra-id`,
          loginUrl: `${sandboxUrl}/entra-id`,
          licences: [...sandboxLicences],
          mailboxLicences: [...sandboxMailboxLicences],
          usageLocation: 'US',
        },
      },
      portal: {
        kind: 'scim',
        mode: 'enforce',
        settings: {
          title: 'Onboarding portal',
          baseUrl: `${sandboxUrl}/portal/v2`,
          login: { type: 'bearer', token: secret('portal') },
        },
      },
      salesforce: {
        kind: 'salesforce',
        mode: 'enforce',
        settings: {
          baseUrl: `${sandboxUrl}/salesforce`,
          loginUrl: `${sandboxUrl}/salesforce`,
          audience: 'https://login.salesforce.com',
          clientId: salesforce.clientId,
          username: salesforce.username,
          privateKey: secret('salesforce'),
          newUsers: { profileId: salesforce.profileId },
        },
      },
      github: {
        kind: 'github',
        mode: 'enforce',
        settings: { baseUrl: `${sandboxUrl}/github`, ...github, privateKey: secret('github') },
      },
      'aws-iam': {
        kind: 'aws-iam',
        mode: 'enforce',
        settings: {
          baseUrl: `${sandboxUrl}/aws-iam`,
          accessKeyId: secret('aws-access-key-id'),
          secretAccessKey: secret('aws-secret-access-key'),
          // All the roles there are, so that no session of a leaver's lives on.
          roleNames: ['Developer', 'Operations'],
          residualHours: 0,
        },
      },
      cyberark: {
        kind: 'cyberark',
        mode: 'enforce',
        settings: {
          baseUrl: `${sandboxUrl}/cyberark/PasswordVault`,
          login: { type: 'vault', username: vault.username, password: secret('cyberark') },
        },
      },
      jira: {
        kind: 'jira',
        mode: 'enforce',
        settings: {
          baseUrl: `${sandboxUrl}/jira`,
          login: { email: jira.email, token: secret('jira') },
          kinds: { offboarding: { project: 'OFF', doneTransition: 'Done' }, onboarding: { project: 'ON' } },
        },
      },
      servicenow: {
        kind: 'servicenow',
        mode: 'enforce',
        settings: {
          baseUrl: `${sandboxUrl}/servicenow`,
          login: { type: 'oauth', clientId: servicenow.clientId, clientSecret: secret('servicenow') },
          orders: { hardware: { ...catalogue.hardware, variables: { cost_center: 'IT' } } },
        },
      },
      slack: {
        kind: 'slack',
        mode: 'enforce',
        settings: { baseUrl: `${sandboxUrl}/slack`, token: secret('slack'), channels: sandboxChannels },
      },
      smtp: {
        kind: 'smtp',
        mode: 'enforce',
        settings: {
          ...mail,
          host: new URL(smtpUrl).hostname,
          port: Number(new URL(smtpUrl).port),
          login: { username: mailer.username, password: secret('smtp') },
          ca: `file:${caPath}`,
        },
      },
    },
    operators: [
      { id: 'operator-1', token: secret('operator-1'), roles: ['viewer', 'operator', 'approver', 'auditor', 'admin'] },
      {
        id: 'operator-2',
        token: secret('operator-2'),
        roles: ['viewer', 'operator', 'approver', 'auditor', 'admin', 'security'],
      },
    ],
    alerts: { incidents: 'servicenow' },
  };
}

/**
 * What the stand-ins accept, by the name of the file below `secrets/` that `demoConfig` refers to. Muster's own secrets
 * (`workday`, `operator-1`, …) are not among them: those are made for each home folder. The private keys are new each time.
 */
export function demoSecrets(): Record<string, string> {
  return {
    'active-directory': domain.password,
    'entra-id': entra.clientSecret,
    portal: portal.token,
    salesforce: makePrivateKey(),
    github: makePrivateKey(),
    'aws-access-key-id': aws.accessKeyId,
    'aws-secret-access-key': aws.secretAccessKey,
    cyberark: vault.password,
    servicenow: servicenow.clientSecret,
    slack: slack.token,
    'slack-signing': slack.signingSecret,
    smtp: mailer.password,
    jira: jira.token,
  };
}

/** Managers decide by their own users of the stand-in's workspace. */
const slackUsers = Object.fromEntries(
  globalTechPeople
    .filter(({ workerId }) => globalTechPeople.some(({ managerId }) => managerId === workerId))
    .map(({ workerId }) => [sandboxUserId(workerId), workerId]),
);

const secret = (name: string): string => `file:secrets/${name}`;

const signedBy = (name: string) => [{ type: 'standard-webhooks' as const, secrets: [secret(name)] }];
