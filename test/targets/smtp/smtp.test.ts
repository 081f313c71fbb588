import { definition } from '../../../src/targets/smtp/index.ts';
import { makeStandIn } from '../../../src/targets/smtp/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { secrets, settingsFor } from './post-office.ts';

const cannot = {
  409: 'SMTP knows no conflict',
  'retry-after': 'SMTP has no word for when to come back',
} as const;

targetSuite({
  name: 'smtp',
  definition,
  makeStandIn,
  settings: settingsFor,
  secrets,
  messagesMayRepeat: true,
  cannot,
});

targetSuite({
  name: 'smtp',
  definition: { ...definition, title: 'E-mail without TLS, to this machine' },
  makeStandIn,
  settings: (baseUrl, made) => ({ ...settingsFor(baseUrl, made), tls: 'none' }),
  secrets,
  messagesMayRepeat: true,
  cannot,
});
