import { definition } from '../../../src/targets/slack/index.ts';
import { makeStandIn } from '../../../src/targets/slack/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { channels, secrets } from './workspace.ts';

targetSuite({
  name: 'slack',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl, token: 'env:SLACK_TOKEN', channels: { ...channels, t: 'C0ITOPERATIONS' } }),
  secrets,
});
