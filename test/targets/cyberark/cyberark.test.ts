import { definition } from '../../../src/targets/cyberark/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/cyberark/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { secrets, vaultLogin } from './vault.ts';

/** Only `workerIdField` would tell whose a user is. */
const listed = { workerId: [] };
const cannot = { pages: 'its API gives all users at once' };

targetSuite({
  name: 'cyberark',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl: `${baseUrl}/PasswordVault`, login: vaultLogin }),
  secrets,
  unknownId: '999999',
  listed,
  cannot,
});

targetSuite({
  name: 'cyberark',
  definition: { ...definition, title: 'CyberArk Privilege Cloud' },
  makeStandIn,
  settings: (baseUrl) => ({
    baseUrl: `${baseUrl}/PasswordVault`,
    login: {
      type: 'platform',
      identityUrl: baseUrl,
      clientId: sandboxCredentials.clientId,
      clientSecret: 'env:CYBERARK_SECRET',
    },
  }),
  secrets,
  unknownId: '999999',
  listed,
  cannot,
});
