import type { Transaction } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import type { Person } from '../src/model/person.ts';
import { isNumbered, type NameRules, numbered, wantedLogin } from '../src/policy/names.ts';
import type { Policy } from '../src/policy/schema.ts';

/** What a person is called at every target. */
export interface PersonNames {
  login: string;
  /** Absent where neither policy nor a source gives one. */
  email?: string;
}

/**
 * Reserves a login and an address for a person, in the caller's transaction; whoever has them keeps them, and somebody who
 * comes back gets their own again. The address goes into the person's record, so the caller reads that again.
 * @param at ISO instant; a released name is given again only when policy's quarantine is over at it
 */
export async function reserveNames(
  tx: Transaction,
  policy: Pick<Policy, 'names'>,
  person: Person,
  at: string,
): Promise<PersonNames> {
  if (policy.names === undefined) return withoutRules(person);
  await tx.lock('names');
  const kept = await keep(tx, person);
  return kept ?? (await takeFirstFree(tx, policy.names, person, at));
}

/** The names of somebody who is called otherwise now. The old ones stay theirs, as aliases; a name that still fits stays as it is. */
export async function renameNames(
  tx: Transaction,
  policy: Pick<Policy, 'names'>,
  person: Person,
  at: string,
): Promise<PersonNames> {
  if (policy.names === undefined) return withoutRules(person);
  await tx.lock('names');
  const kept = await keep(tx, person);
  const { maxLength } = policy.names;
  if (kept !== undefined && isNumbered(kept.login, wantedLogin(policy.names, person), maxLength)) return kept;
  return takeFirstFree(tx, policy.names, person, at);
}

function withoutRules(person: Person): PersonNames {
  const { email } = person.attributes;
  if (email === undefined || email === '') return { login: person.id.toLowerCase() };
  const local = email.split('@')[0]?.toLowerCase() ?? '';
  return { login: local === '' ? person.id.toLowerCase() : local, email };
}

/** The names in use. A rehire takes them out of their quarantine. */
async function keep(tx: Transaction, person: Person): Promise<PersonNames | undefined> {
  const own = await tx.namesOf(person.id);
  const login = own.find((name) => name.kind === 'login' && name.current)?.value;
  const email = own.find((name) => name.kind === 'email' && name.current)?.value;
  if (login === undefined || email === undefined) return undefined;
  if (own.some((name) => name.releasedAt !== undefined)) await tx.keepNames(person.id);
  return write(tx, person, { login, email });
}

async function takeFirstFree(tx: Transaction, rules: NameRules, person: Person, at: string): Promise<PersonNames> {
  const wanted = wantedLogin(rules, person);
  const own = (await tx.namesOf(person.id)).length === 0 ? ownLogin(rules, person) : undefined;
  for (let first = 1, some = 8; String(first).length < rules.maxLength; first += some, some *= 2) {
    const logins = Array.from({ length: some }, (_, index) => numbered(wanted, first + index, rules.maxLength));
    if (first === 1 && own !== undefined) logins.unshift(own);
    const names = await takeOneOf(tx, rules, person, at, logins);
    if (names !== undefined) return write(tx, person, names);
  }
  throw new Failure('conflict', `every login that names.login makes for ${person.id} is taken`, {
    advice: 'Raise names.maxLength in policy.yaml, or let names.login have {id} in it.',
  });
}

/** Somebody who was there before Muster keeps the address they have, whatever the template would make of their name. */
function ownLogin({ domain }: NameRules, { attributes: { email = '' } }: Person): string | undefined {
  const [local = '', at] = email.toLowerCase().split('@');
  return at === domain.toLowerCase() && /^[a-z0-9._-]+$/.test(local) ? local : undefined;
}

async function takeOneOf(
  tx: Transaction,
  { domain, quarantine }: NameRules,
  person: Person,
  at: string,
  logins: string[],
): Promise<Required<PersonNames> | undefined> {
  const freeBefore = quarantine === 'forever' ? undefined : before(at, quarantine);
  const candidates = logins.map((login) => ({ login, email: `${login}@${domain.toLowerCase()}` }));
  const taken = await tx.takenNames(
    person.id,
    candidates.flatMap(({ login, email }) => [login, email]),
    freeBefore,
  );
  for (const { login, email } of candidates) {
    if (taken.has(login) || taken.has(email)) continue;
    const name = { person: person.id, at, ...(freeBefore === undefined ? {} : { freeBefore }) };
    if (!(await tx.reserveName({ ...name, kind: 'login', value: login }))) continue;
    if (await tx.reserveName({ ...name, kind: 'email', value: email })) return { login, email };
  }
  return undefined;
}

const before = (at: string, days: number): string => new Date(Date.parse(at) - days * 86_400_000).toISOString();

async function write(tx: Transaction, { id }: Person, names: Required<PersonNames>): Promise<PersonNames> {
  await tx.addIdentifier(id, { source: 'muster', type: 'email', value: names.email });
  // What the caller holds may be older than what it has written since.
  const person = await tx.person(id);
  if (person !== undefined && person.attributes.email !== names.email) {
    await tx.updatePerson(id, { attributes: { ...person.attributes, email: names.email } });
  }
  return names;
}
