import { definition } from '../../../src/targets/jira/index.ts';
import { makeStandIn } from '../../../src/targets/jira/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { kinds, login, secrets } from './site.ts';

targetSuite({
  name: 'jira',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl, login, kinds }),
  secrets,
  ticketKinds: ['offboarding', 'onboarding'],
});
