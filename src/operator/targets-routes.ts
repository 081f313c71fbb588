import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Reader } from '../directory/store.ts';
import type { TemporalClient } from '../receiver/temporal.ts';
import { targetsOverview } from '../targets-overview.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { targetShape } from './shapes.ts';

/** How each target is, and who waits for it. */
export function targetsRoutes(
  { store, now }: Desk,
  { targets = {} }: Partial<Pick<Config, 'targets'>>,
  client: TemporalClient,
): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/targets',
      summary: 'Each target: its mode, how it answers, what waits in its queue, and who waits for it',
      query: noQuery,
      body: noBody,
      answer: z.strictObject({ items: z.array(targetShape) }),
      work: async ({ operator }) => {
        const connected = await (typeof client === 'function' ? client().catch(() => undefined) : client);
        const items = await store.read((reader) =>
          targetsOverview(reader, targets, connected, now(), (target, people) =>
            shown(reader, operator, now(), target, people),
          ),
        );
        return { items };
      },
    }),
  ];
}

/** Whoever waits only because of what is confidential is not among them. */
async function shown(
  reader: Reader,
  operator: Operator,
  now: string,
  target: string,
  people: string[],
): Promise<string[]> {
  const secrecy = new Secrecy(reader, operator, now);
  const { items } = await reader.exceptions({ open: true, target }, { limit: 500 });
  const secret = new Set<string>();
  for (const exception of items) {
    if (exception.person !== undefined && !(await secrecy.showsException(exception))) secret.add(exception.person);
  }
  return people.filter((person) => !secret.has(person));
}
