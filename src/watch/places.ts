import type { ExceptionRow, Reader } from '../directory/store.ts';
import { Secrecy } from '../operator/secrecy.ts';
import type { Policy } from '../policy/schema.ts';
import { addressOf } from './recipients.ts';

/** What of the policy says where alerts go. */
export type AlertPolicy = Pick<Policy, 'alerts' | 'groups' | 'owners' | 'transitions' | 'exceptions'>;

/** One place that an alert can go to. */
export interface Place {
  kind: 'incident' | 'channel' | 'mail';
  target: string;
  /** The channel's name, or who the mail is for (`group:security`, `manager`). Incidents have none. */
  address: string;
}

/** How the ledger names a place: `incident:servicenow`, `channel:slack:#identity-security`, `mail:smtp:group:security`. */
export const routeOf = ({ kind, target, address }: Place): string =>
  kind === 'incident' ? `incident:${target}` : `${kind}:${target}:${address}`;

/** The place of a route that the ledger named. */
export function placeOf(route: string): Place {
  const [, kind = '', target = '', , address = ''] = /^(incident|channel|mail):([^:]*)(:(.*))?$/s.exec(route) ?? [];
  return { kind: kind === 'incident' || kind === 'channel' ? kind : 'mail', target, address };
}

/** Does this exception tell of an end that must not show yet? */
export function isConfidential(reader: Reader, exception: ExceptionRow, now: string): Promise<boolean> {
  return new Secrecy(reader, { id: 'muster', roles: new Set() }, now).isConfidential(exception);
}

/**
 * Every place that policy's routes name for an exception. Of a confidential end only groups that may know hear, by mail. A
 * place that is itself what failed is not told of that.
 */
export async function placesOf(
  { policy, incidents }: { policy: AlertPolicy; incidents: string | undefined },
  reader: Reader,
  exception: ExceptionRow,
  now: string,
): Promise<Place[]> {
  const named = placesFor(policy, exception.kind, incidents);
  const usable = exception.kind === 'alert-failed' ? named.filter(({ target }) => target !== exception.target) : named;
  if (await isConfidential(reader, exception, now)) {
    const knowing = whoMayKnow(policy);
    return usable.filter(({ kind, address }) => kind === 'mail' && knowing.has(address));
  }
  const places: Place[] = [];
  for (const place of usable) {
    if (place.kind !== 'mail' || (await addressOf(policy, reader, exception, place.address, now)) !== undefined) {
      places.push(place);
    }
  }
  return places;
}

/** The places of all routes that fit a kind; where policy has no routes, the target for incidents. */
export function placesFor(
  { alerts: { routes } }: Pick<Policy, 'alerts'>,
  kind: ExceptionRow['kind'],
  incidents: string | undefined,
): Place[] {
  if (routes.length === 0) return incidents === undefined ? [] : [{ kind: 'incident', target: incidents, address: '' }];
  const fitting = routes.filter(({ kinds }) => kinds.length === 0 || kinds.includes(kind));
  const places = fitting.flatMap(({ incident, channel, mail }): Place[] => [
    ...(incident === undefined ? [] : [{ kind: 'incident' as const, target: incident, address: '' }]),
    ...(channel === undefined ? [] : [{ kind: 'channel' as const, target: channel.target, address: channel.name }]),
    ...(mail?.to ?? []).map((address) => ({ kind: 'mail' as const, target: mail?.target ?? '', address })),
  ]);
  return [...new Map(places.map((place) => [routeOf(place), place])).values()];
}

/** Groups that policy tells of involuntary ends ahead, and the group `security`. */
function whoMayKnow({ transitions }: AlertPolicy): Set<string> {
  const told = transitions.involuntary.messages.flatMap(({ to }) => (to?.startsWith('group:') === true ? [to] : []));
  return new Set([...told, 'group:security']);
}
