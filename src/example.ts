import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Config, loadConfig } from './config.ts';
import { homeFiles } from './home/folder.ts';
import { addSecret } from './home/secrets.ts';
import { Failure } from './model/failure.ts';
import { demoConfig, demoSecrets } from './sandbox/demo-config.ts';
import type { Sandbox } from './sandbox/server.ts';

const head = `# GlobalTech, the example company, on the sandbox. Written anew at every start without a muster.yaml of your own.
# To change it, copy it and name the copy by --config; "file:" references are relative to the folder of the copy.
`;

/** Writes the example company's muster.yaml into the home folder and reads it back, as any other is read. */
export async function exampleConfig(home: string, sandbox: Sandbox | undefined): Promise<Config> {
  if (sandbox?.ldapsUrl === undefined || sandbox.smtpUrl === undefined)
    throw new Failure('misconfigured', 'the example company needs the whole sandbox');
  const path = join(home, homeFiles.config);
  const { url: sandboxUrl, ldapsUrl, smtpUrl } = sandbox;
  const address = { sandboxUrl, ldapsUrl, smtpUrl, caPath: homeFiles.authority };
  await writeFile(path, head + stringify(demoConfig(address)));
  return loadConfig(path);
}

/** The secrets that the stand-ins accept, beside Muster's own. */
export async function exampleSecrets(home: string): Promise<void> {
  // Making its keys takes a while: only where there are none.
  const last = 'portal';
  if (existsSync(join(home, homeFiles.secrets, last))) return;
  const { [last]: final = '', ...others } = demoSecrets();
  for (const [name, value] of Object.entries(others)) await addSecret(home, name, value);
  await addSecret(home, last, final);
}
