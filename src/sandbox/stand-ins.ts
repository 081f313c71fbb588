import { makeStandIn as activeDirectory } from '../targets/active-directory/sandbox.ts';
import { makeStandIn as awsIam } from '../targets/aws-iam/sandbox.ts';
import { makeStandIn as cyberark } from '../targets/cyberark/sandbox.ts';
import { makeStandIn as entraId } from '../targets/entra-id/sandbox.ts';
import { makeStandIn as github } from '../targets/github/sandbox.ts';
import { makeStandIn as jira } from '../targets/jira/sandbox.ts';
import { makeStandIn as salesforce } from '../targets/salesforce/sandbox.ts';
import { makeStandIn as portal } from '../targets/scim/sandbox.ts';
import { makeStandIn as servicenow } from '../targets/servicenow/sandbox.ts';
import { makeStandIn as slack } from '../targets/slack/sandbox.ts';
import { makeStandIn as smtp } from '../targets/smtp/sandbox.ts';
import { makeStandIn as teams } from '../targets/teams/sandbox.ts';
import type { MakeStandIn } from './stand-in.ts';

/** The list of stand-ins by target name: the sandbox that `muster demo` and `muster start` run has all of these. */
export const standIns: Readonly<Record<string, MakeStandIn>> = {
  'active-directory': activeDirectory,
  'aws-iam': awsIam,
  cyberark,
  'entra-id': entraId,
  github,
  jira,
  portal,
  salesforce,
  servicenow,
  slack,
  smtp,
  teams,
};
