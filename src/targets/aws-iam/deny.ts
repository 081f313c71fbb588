import type { PolicyDetail } from '@aws-sdk/client-iam';
import type { CallContext, Outcome } from '../target.ts';
import type { IamClient } from './client.ts';

const policyName = 'LeaverDenyAll';

const denyAll = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'LeaverDenyAll', Effect: 'Deny', Action: '*', Resource: '*' }],
};

/** True when the deny-all policy is there and says exactly what it must; one that somebody weakened is not. */
export async function isDenied(client: IamClient, UserName: string, signal: AbortSignal): Promise<boolean> {
  const answer = await client.find('GetUserPolicy', signal, (iam, options) =>
    iam.getUserPolicy({ UserName, PolicyName: policyName }, options),
  );
  return answer?.PolicyDocument !== undefined && samePolicy(answer.PolicyDocument);
}

/** Denies everything to the user: its keys, its console and the sessions derived from them stop at once. */
export function deny(client: IamClient, UserName: string, context: CallContext): Promise<Outcome> {
  return client.change('PutUserPolicy', context, (iam, options) =>
    iam.putUserPolicy({ UserName, PolicyName: policyName, PolicyDocument: JSON.stringify(denyAll) }, options),
  );
}

/** Takes the deny-all policy away, in whatever form it is there. */
export async function allow(client: IamClient, UserName: string, context: CallContext): Promise<Outcome> {
  const there = await client.find('GetUserPolicy', context.signal, (iam, options) =>
    iam.getUserPolicy({ UserName, PolicyName: policyName }, options),
  );
  if (there === undefined) return 'already';
  return client.changeIfThere('DeleteUserPolicy', context, (iam, options) =>
    iam.deleteUserPolicy({ UserName, PolicyName: policyName }, options),
  );
}

/** As `isDenied`, of a user's inline policies that were read already. */
export const deniesAll = (policies: readonly PolicyDetail[]): boolean =>
  policies.some((one) => one.PolicyName === policyName && samePolicy(one.PolicyDocument ?? ''));

/** IAM answers the document percent-encoded, and may have changed its spacing. */
function samePolicy(answered: string): boolean {
  try {
    return JSON.stringify(JSON.parse(decodeURIComponent(answered))) === JSON.stringify(denyAll);
  } catch {
    return false;
  }
}
