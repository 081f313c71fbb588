import { definition } from '../../../src/targets/active-directory/index.ts';
import { makeStandIn } from '../../../src/targets/active-directory/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { secrets, standInSettings } from './domain.ts';

targetSuite({
  name: 'active-directory',
  definition,
  makeStandIn,
  settings: (baseUrl, made) => ({ ...standInSettings(baseUrl, made), pageSize: 2 }),
  secrets,
  unknownId: '00000000-1111-4222-8333-444444444444',
  cannot: {
    'retry-after': 'LDAP has no word for when to come back',
    sessions: 'a domain controller can neither list nor end Kerberos tickets; they run out',
  },
});
