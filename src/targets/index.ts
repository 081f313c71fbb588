import { definition as activeDirectory } from './active-directory/index.ts';
import { definition as awsIam } from './aws-iam/index.ts';
import { definition as cyberark } from './cyberark/index.ts';
import { definition as entraId } from './entra-id/index.ts';
import { definition as github } from './github/index.ts';
import { definition as jira } from './jira/index.ts';
import { definition as salesforce } from './salesforce/index.ts';
import { definition as scim } from './scim/index.ts';
import { definition as servicenow } from './servicenow/index.ts';
import { definition as slack } from './slack/index.ts';
import { definition as smtp } from './smtp/index.ts';
import type { TargetDefinition } from './target.ts';
import { definition as teams } from './teams/index.ts';

/** The list of targets, by the `kind` that muster.yaml names: adding one is its folder and one line here. */
export const definitions: Readonly<Record<string, TargetDefinition>> = {
  'active-directory': activeDirectory,
  'aws-iam': awsIam,
  cyberark,
  'entra-id': entraId,
  github,
  jira,
  salesforce,
  scim,
  servicenow,
  slack,
  smtp,
  teams,
};
