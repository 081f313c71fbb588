/**
 * An action of the IAM API in words: `UpdateAccessKey` → `update access key`. Evidence holds these words, so that an
 * auditor finds the same event by name in CloudTrail.
 */
export function operationOf(action: string): string {
  return action
    .replace(/SSHPublic/, ' ssh public ')
    .replace(/MFADevice/, ' mfa device')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/\s+/g, ' ')
    .toLowerCase();
}
