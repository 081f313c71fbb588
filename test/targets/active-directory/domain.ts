import { sandboxCredentials, sandboxSettings } from '../../../src/targets/active-directory/sandbox.ts';

/** Settings for the stand-in, as muster.yaml has them. */
export const standInSettings = (baseUrl: string, made: { ca: string }) => ({
  ...sandboxSettings,
  url: baseUrl.replace(/^https:/, 'ldaps:'),
  password: 'env:AD_PASSWORD',
  ...(made.ca === '' ? {} : { ca: made.ca }),
});

/** What `env:AD_PASSWORD` stands for. */
export const secrets = { 'env:AD_PASSWORD': sandboxCredentials.password };
