import type { CallContext, Outcome } from '../target.ts';
import type { IamClient, IamUser } from './client.ts';

/** When Muster closed the user, an ISO instant. */
export const closedAtTag = 'muster:closed-at';

/** The key of the call that made the user, so that a retry knows it again. */
export const createdByTag = 'muster:created-by';

/** Writes a tag that is not there yet; one that is keeps its value. */
export async function tag(
  client: IamClient,
  user: IamUser,
  Key: string,
  Value: string,
  context: CallContext,
): Promise<Outcome> {
  if (user.tags.has(Key)) return 'already';
  return client.change('TagUser', context, (iam, options) =>
    iam.tagUser({ UserName: user.userName, Tags: [{ Key, Value }] }, options),
  );
}

/** Takes a tag away. */
export async function untag(client: IamClient, user: IamUser, key: string, context: CallContext): Promise<Outcome> {
  if (!user.tags.has(key)) return 'already';
  return client.changeIfThere('UntagUser', context, (iam, options) =>
    iam.untagUser({ UserName: user.userName, TagKeys: [key] }, options),
  );
}
