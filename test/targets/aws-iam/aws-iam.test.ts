import { definition } from '../../../src/targets/aws-iam/index.ts';
import { makeStandIn } from '../../../src/targets/aws-iam/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { sandboxSettings, secrets } from './settings.ts';

targetSuite({
  name: 'aws-iam',
  definition,
  makeStandIn,
  settings: sandboxSettings,
  secrets,
  unknownId: 'AIDAUNKNOWN2345ABCDEF',
  cannot: { pages: 'a page is 100 users; its own test has as many' },
});
