import type { Authentication, Config } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { sources as kinds } from '../sources/index.ts';
import { reportFaults, splitReport } from '../sources/report.ts';
import type { SourceDefinition } from '../sources/source.ts';
import { slackKind } from './slack-desk.ts';

/** A source of muster.yaml with its kind found and its settings checked. */
export interface ReceivingSource {
  name: string;
  /** `/events/<name>` */
  path: string;
  definition: SourceDefinition;
  settings: unknown;
  authentication: readonly Authentication[];
  duplicateWindow: number;
  rateLimit: number;
}

/** Every source of events in the configuration, or `misconfigured` with all that is wrong with any of them. */
export function receivingSources({ sources }: Pick<Config, 'sources'>): ReceivingSource[] {
  const faults: string[] = [];
  const ready = Object.entries(sources).flatMap(([name, source]) => {
    // Its requests are clicks and no events.
    if (source.kind === slackKind) return [];
    const definition = kinds.get(source.kind);
    if (definition === undefined) {
      faults.push(`sources.${name}.kind: "${source.kind}" is not one of ${[...kinds.keys(), slackKind].join(', ')}`);
      return [];
    }
    const { report, rest } = splitReport(source.settings);
    faults.push(...reportFaults(name, report));
    const settings = definition.settings.safeParse(rest);
    if (!settings.success) {
      const at = (path: PropertyKey[]) => ['sources', name, 'settings', ...path].join('.');
      faults.push(...settings.error.issues.map((issue) => `${at(issue.path)}: ${issue.message}`));
      return [];
    }
    const { authentication, duplicateWindow, rateLimit } = source;
    if (authentication.length > 1 && authentication.some((way) => way.type === 'none')) {
      faults.push(`sources.${name}.authentication: "none" beside others lets everybody in; take one away`);
      return [];
    }
    const path = `/events/${name}`;
    return [{ name, path, definition, settings: settings.data, authentication, duplicateWindow, rateLimit }];
  });
  if (faults.length > 0) throw new Failure('misconfigured', faults.join('\n'));
  return ready;
}
