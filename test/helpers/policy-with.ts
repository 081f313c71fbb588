import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';

/** Durations of policy.yaml that a test may choose; the usual ones are short, so that what happens in minutes happens in seconds. */
export interface PolicyDurations {
  ends?: { deadline?: string; readAgainAfter?: string };
  retries?: { first?: string; longest?: string; refused?: string; call?: string };
}

const short = {
  ends: { readAgainAfter: '300ms' },
  retries: { first: '50ms', longest: '200ms', refused: '1s', call: '4s' },
} satisfies PolicyDurations;

/** The repository's policy.yaml with other durations, as text. */
export async function policyWith({ ends, retries }: PolicyDurations = {}): Promise<string> {
  const policy = parseDocument(await readFile('policy.yaml', 'utf8'));
  const wanted = { ends: { ...short.ends, ...ends }, retries: { ...short.retries, ...retries } };
  for (const [part, durations] of Object.entries(wanted)) {
    for (const [name, duration] of Object.entries(durations)) policy.setIn([part, name], duration);
  }
  // With nothing to do on the days after, an end is over when its last target has been read again.
  policy.setIn(['transitions', 'leaver', 'later'], []);
  // These people all leave within the hour, as nobody's do.
  const many = { least: 1_000 };
  policy.set('safeguards', { ends: { hour: many, day: many, cap: 1_000 } });
  return policy.toString();
}
