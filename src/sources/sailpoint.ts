import { z } from 'zod';
import { callbackFaultAt } from './callback.ts';
import { cloudevents } from './cloudevents.ts';
import { faultsFrom } from './faults.ts';
import { parseJson } from './json.ts';
import { sailpointSettings } from './sailpoint-settings.ts';
import { readTrigger, triggerOf } from './sailpoint-triggers.ts';
import type { Normalised, SourceDefinition } from './source.ts';

const cloudEvent = 'application/cloudevents+json';

/**
 * Triggers of SailPoint Identity Security Cloud. None has an id of its own, and none but a request says which it is: bodies are
 * told apart by their form, and a created identity from a deleted one by `?trigger=idn:identity-deleted` in the subscription's URL.
 */
export const sailpoint: SourceDefinition = {
  kind: 'sailpoint',
  settings: sailpointSettings,
  mediaTypes: ['application/json', cloudEvent],
  normalise(request, unchecked) {
    const settings = sailpointSettings.parse(unchecked);
    if (request.mediaType === cloudEvent) return violation(cloudevents.normalise(request, {}));
    const body = parseJson(request.body);
    if (!body.ok) return { status: 400, ...body };
    const metadata = metadataSchema.safeParse(body.value);
    if (!metadata.success) return { ok: false, status: 400, faults: faultsFrom(metadata.error) };
    const { _metadata: asks } = metadata.data;
    const trigger = triggerOf(body.value, asks?.triggerId ?? request.query?.['trigger']);
    const read = readTrigger(trigger, body.value, settings);
    if (!read.ok) return { status: 400, ...read };
    const events = read.value;
    const usual = { ok: true as const, events, batch: events.length > 1 };
    if (asks?.callbackURL === undefined) {
      if (trigger !== 'idn:access-request-pre-approval') return usual;
      const problem = 'is required: subscribe to this trigger as REQUEST_RESPONSE in the mode ASYNC';
      return { ok: false, status: 400, faults: [{ path: '/_metadata/callbackURL', problem }] };
    }
    const faults = [
      ...callbackFaultAt('/_metadata/callbackURL', asks.callbackURL, settings),
      ...(asks.secret === undefined ? [{ path: '/_metadata/secret', problem: 'is required' }] : []),
    ];
    if (faults.length > 0 || asks.secret === undefined) return { ok: false, status: 400, faults };
    const isDynamic = asks.responseMode?.toLowerCase() === 'dynamic';
    return {
      ...usual,
      callback: { url: asks.callbackURL, secret: asks.secret },
      reply: { status: isDynamic ? 202 : 200, body: {} },
    };
  },
};

/** What a trigger that wants an answer says of it. */
const metadataSchema = z.looseObject({
  _metadata: z
    .looseObject({
      callbackURL: z.string().max(2_000).exactOptional(),
      secret: z.string().min(1).max(500).exactOptional(),
      triggerId: z.string().max(100).exactOptional(),
      responseMode: z.string().max(20).exactOptional(),
    })
    .exactOptional(),
});

/** Violations of SailPoint's own policies have no trigger: whoever polls them sends what was found as a CloudEvent. */
function violation(read: Normalised): Normalised {
  if (!read.ok || read.events.every(({ type }) => type === 'policy-violated')) return read;
  const problem = 'must be muster.policy-violated; other CloudEvents go to the endpoint of kind cloudevents';
  return { ok: false, status: 400, faults: [{ path: '/type', problem }] };
}
