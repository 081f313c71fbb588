import { sandboxCredentials, sandboxSettings } from '../../../src/targets/smtp/sandbox.ts';

/** Secrets as muster.yaml would name them. */
export const secrets = { 'env:SMTP_PASSWORD': sandboxCredentials.password };

/** Settings for a stand-in at `smtp://host:port`. */
export function settingsFor(url: string, { ca }: { ca: string }) {
  const { hostname, port } = new URL(url);
  return {
    ...sandboxSettings,
    lists: { ...sandboxSettings.lists, t: ['t@globaltech.example'] },
    host: hostname,
    port: Number(port),
    login: { username: sandboxCredentials.username, password: 'env:SMTP_PASSWORD' },
    ...(ca === '' ? {} : { ca }),
  };
}
