import { confidential, decideEnd } from '../src/policy/ends.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';

/** An event of a source that Muster may only watch, or only propose for: what it would do is written down, and not done. */
export async function restrain(deciding: Deciding, mode: 'observe' | 'propose'): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  const decision =
    event.type === 'terminated'
      ? decideEnd({ person, event, policy: dependencies.policy, now: Date.parse(now) }).decision
      : undefined;
  await evidence(deciding, 'event-observed', {
    mode,
    type: event.type,
    ...(decision === undefined ? {} : { decision }),
  });
  const what = confidential(event, dependencies.policy) ? 'an event' : event.type;
  const why = `the source ${event.source} is in mode "${mode}" in muster.yaml, so nothing was changed`;
  if (mode === 'observe') return ignore(deciding, `${what}: ${why}`);
  return hold(
    deciding,
    'needs-decision',
    `${why}. Do what it asks by hand, or set the mode to "enforce" and send it again.`,
  );
}
