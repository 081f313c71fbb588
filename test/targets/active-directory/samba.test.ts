import { afterAll, beforeAll, describe } from 'vitest';
import { definition } from '../../../src/targets/active-directory/index.ts';
import { type Samba, sambaAvailable, startSamba } from '../../helpers/samba.ts';
import { targetSuite } from '../target-suite.ts';
import { sambaStandIn } from './samba-stand-in.ts';

describe.skipIf(!sambaAvailable())('against a real Samba domain controller', () => {
  let samba: Samba;
  beforeAll(async () => {
    samba = await startSamba();
  });
  afterAll(async () => {
    await samba?.close();
  });

  targetSuite({
    name: 'active-directory',
    definition,
    makeStandIn: (tools) => sambaStandIn(samba)(tools),
    settings: (baseUrl, made) => ({
      url: baseUrl.replace(/^https:/, 'ldaps:'),
      bindDn: 'svc-muster@corp.globaltech.example',
      password: 'env:AD_PASSWORD',
      ...(made.ca === '' ? {} : { ca: made.ca }),
      baseDn: 'DC=corp,DC=globaltech,DC=example',
      usersOu: 'OU=People,DC=corp,DC=globaltech,DC=example',
      leaversOu: 'OU=Leavers,DC=corp,DC=globaltech,DC=example',
    }),
    secrets: { 'env:AD_PASSWORD': 'Muster-tests-2' },
    unknownId: '00000000-1111-4222-8333-444444444444',
    cannot: {
      'retry-after': 'LDAP has no word for when to come back',
      sessions: 'a domain controller can neither list nor end Kerberos tickets; they run out',
    },
  });
});
