import { Failure } from '../model/failure.ts';
import { definitions } from './index.ts';
import type { Target } from './target.ts';

/** A target as muster.yaml names it: its kind, its settings, and how far Muster may go with it. */
export interface TargetEntry {
  kind: string;
  mode: 'observe' | 'propose' | 'enforce';
  concurrency: number;
  ratePerSecond?: number | undefined;
  /** Another system provisions here: attributes and, unless `accounts` is false, accounts that Muster never writes. */
  managedBy?: { system: string; attributes: string[]; accounts: boolean };
  settings: Record<string, unknown>;
}

/** A target, connected. */
export interface ConnectedTarget {
  /** Its name in muster.yaml, which is also the tail of its task queue. */
  name: string;
  /** As people write it: `Active Directory`. */
  title: string;
  entry: TargetEntry;
  target: Target;
}

/** All targets by name. */
export type ConnectedTargets = ReadonlyMap<string, ConnectedTarget>;

/** Connects every target of the configuration; settings that do not fit are named all at once, before anything runs. */
export function connectTargets(
  config: { targets: Record<string, TargetEntry> },
  secret: (reference: string) => Promise<string>,
): ConnectedTargets {
  const connected = new Map<string, ConnectedTarget>();
  const faults: string[] = [];
  for (const [name, entry] of Object.entries(config.targets)) {
    const definition = definitions[entry.kind];
    if (definition === undefined) {
      faults.push(`targets.${name}.kind: "${entry.kind}" is none of ${Object.keys(definitions).join(', ')}`);
      continue;
    }
    const settings = definition.settings.safeParse(entry.settings);
    if (!settings.success) {
      for (const issue of settings.error.issues) {
        faults.push(`targets.${name}.settings.${issue.path.join('.')}: ${issue.message}`);
      }
      continue;
    }
    const target = definition.connect(entry.settings, { secret, clock: Date.now });
    connected.set(name, { name, title: target.title ?? definition.title, entry, target });
  }
  if (faults.length > 0) throw new Failure('misconfigured', faults.join('\n'));
  return connected;
}

/** What a connected target can do, by the abilities it has. */
export function abilitiesOf(target: Target): string[] {
  const all = ['accounts', 'entitlements', 'sessions', 'credentials', 'mailbox', 'tickets', 'messages'] as const;
  return all.filter((ability) => target[ability] !== undefined);
}
