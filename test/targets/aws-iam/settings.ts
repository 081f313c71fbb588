import { sandboxCredentials } from '../../../src/targets/aws-iam/sandbox.ts';

/** The secrets behind the references of `sandboxSettings`. */
export const secrets: Record<string, string> = {
  'env:AWS_KEY_ID': sandboxCredentials.accessKeyId,
  'env:AWS_SECRET': sandboxCredentials.secretAccessKey,
};

/** Settings as muster.yaml has them for the sandbox. */
export const sandboxSettings = (baseUrl: string) => ({
  baseUrl,
  accessKeyId: 'env:AWS_KEY_ID',
  secretAccessKey: 'env:AWS_SECRET',
  roleNames: ['Developer', 'Operations'],
  residualHours: 0,
});
