import type { Reader } from '../directory/store.ts';
import type { Person } from '../model/person.ts';
import type { ListedAccount } from '../targets/target.ts';

/** An account of a target, and whose it is. */
export interface Correlated {
  account: ListedAccount;
  /** None: an orphan. Several: nobody can say, and the first is never taken. */
  people: Person[];
}

/**
 * Whose the accounts of a page are: by the account itself where the directory knows it, by the worker id and the address
 * that the target keeps. What speaks for two people is neither's: a number may have been used again.
 */
export async function correlate(
  reader: Pick<Reader, 'holders' | 'peopleOf'>,
  target: string,
  page: readonly ListedAccount[],
): Promise<Correlated[]> {
  const given = (values: (string | undefined)[]) => [...new Set(values.filter((value) => value !== undefined))];
  const { accounts, identifiers } = await reader.holders({
    target,
    accounts: page.map(({ id }) => id),
    workerIds: given(page.map(({ workerId }) => workerId)),
    emails: given(page.map(({ email }) => email)),
  });
  const owners = new Map(accounts.map(({ id, owner }) => [id, owner]));
  const holders = (type: 'workerId' | 'email', value: string | undefined) =>
    value === undefined
      ? []
      : identifiers.filter((each) => each.type === type && each.value === value).map(({ person }) => person);
  const matches = page.map((account) => {
    const owner = owners.get(account.id);
    const byNumber = holders('workerId', account.workerId);
    // An address may be an old one that somebody else has now; of an account that is known only the number contradicts.
    const named = owner === undefined ? holders('email', account.email?.toLowerCase()) : [owner];
    return { account, ids: [...new Set([...byNumber, ...named])] };
  });
  const people = await reader.peopleOf([...new Set(matches.flatMap(({ ids }) => ids))]);
  const byId = new Map(people.map((person) => [person.id, person]));
  return matches.map(({ account, ids }) => ({
    account,
    people: ids.map((id) => byId.get(id)).filter((person) => person !== undefined),
  }));
}
