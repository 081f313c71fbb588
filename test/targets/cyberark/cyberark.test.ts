import { definition } from '../../../src/targets/cyberark/index.ts';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/cyberark/sandbox.ts';
import { targetSuite } from '../target-suite.ts';
import { secrets, vaultLogin } from './vault.ts';

targetSuite({
  name: 'cyberark',
  definition,
  makeStandIn,
  settings: (baseUrl) => ({ baseUrl: `${baseUrl}/PasswordVault`, login: vaultLogin }),
  secrets,
  unknownId: '999999',
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
});
