import { readFileSync } from 'node:fs';
import { z } from 'zod';

const policySchema = z.object({
  Version: z.string(),
  Statement: z.array(
    z.object({
      Sid: z.string(),
      Effect: z.enum(['Allow', 'Deny']),
      Action: z.array(z.string()),
      Resource: z.union([z.string(), z.array(z.string())]),
    }),
  ),
});

/** The policy that the target's README tells people to give Muster. */
export function policyOfReadme() {
  const readme = readFileSync(new URL('../../../src/targets/aws-iam/README.md', import.meta.url), 'utf8');
  return policySchema.parse(JSON.parse(/```json\n([\s\S]+?)```/.exec(readme)?.[1] ?? ''));
}
