import { Context } from '@temporalio/activity';
import { Failure } from '../src/model/failure.ts';
import type { AccountsAbility, CallContext } from '../src/targets/target.ts';
import type { Dependencies } from './dependencies.ts';
import { targetOf } from './target-of.ts';

/** For reading a whole target, however long that takes: nothing may be changed by it. */
export function readingContext(key: string, now: string): CallContext {
  return {
    signal: Context.current().cancellationSignal,
    now,
    key,
    beforeChange: (operation) =>
      Promise.reject(new Failure('refused', `${operation}: reading a target changes nothing there`)),
  };
}

/** A target's accounts, listed whole. Throws `misconfigured` where it cannot list them. */
export function listedAccounts(
  dependencies: Dependencies,
  name: string,
): { accounts: AccountsAbility; list: NonNullable<AccountsAbility['list']>; title: string } {
  const { target, title } = targetOf(dependencies, name);
  const { accounts } = target;
  const list = accounts?.list;
  if (accounts === undefined || list === undefined) {
    throw new Failure('misconfigured', `${title} cannot list its accounts`);
  }
  return { accounts, list: (context) => list.call(accounts, context), title };
}

/** Pages of at most so many, whatever a target's own pages hold: each is looked up in one statement. */
export function* slices<T>(page: readonly T[], size = 200): Generator<T[]> {
  for (let at = 0; at < page.length; at += size) yield page.slice(at, at + size);
}
