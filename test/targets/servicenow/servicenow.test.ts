import { definition } from '../../../src/targets/servicenow/index.ts';
import { makeStandIn } from '../../../src/targets/servicenow/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { basicLogin, oauthLogin, orders, secrets } from './instance.ts';

targetSuite({
  name: 'servicenow',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl, login: oauthLogin, orders }),
  secrets,
  ticketKinds: ['incident', 'offboarding', 'hardware'],
});

targetSuite({
  name: 'servicenow',
  definition: { ...definition, title: 'ServiceNow with a basic login' },
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl, login: basicLogin }),
  secrets,
  ticketKinds: ['onboarding'],
});
