import type { FindPerson } from '../policy/who.ts';
import type { Reader } from './store.ts';

/** People by their id, or by any other name that is theirs alone. */
export function finder(reader: Pick<Reader, 'person' | 'personByAlias'>): FindPerson {
  return async (id) => {
    const own = await reader.person(id);
    if (own !== undefined) return own;
    const [found, ...more] = await reader.personByAlias(id);
    return more.length === 0 ? found : undefined;
  };
}
