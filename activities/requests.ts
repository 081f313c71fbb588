import { type Deciding, hold, type Verdict } from './decide-event.ts';

/** Somebody asks for access at the source. */
export function accessRequested(deciding: Deciding): Promise<Verdict> {
  return hold(deciding, 'needs-decision', 'answer it at the source.');
}

/** The source has agreed to access that a team gives by hand. */
export function accessDecided(deciding: Deciding): Promise<Verdict> {
  return hold(deciding, 'needs-decision', 'order it by hand.');
}
