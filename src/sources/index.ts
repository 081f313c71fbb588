import { cloudevents } from './cloudevents.ts';
import { sailpoint } from './sailpoint.ts';
import type { SourceDefinition } from './source.ts';
import { workday } from './workday.ts';

/** Every kind of source by the name that muster.yaml gives it under `kind`. Adding one is a file and a line here. */
export const sources: ReadonlyMap<string, SourceDefinition> = new Map(
  [workday, cloudevents, sailpoint].map((source) => [source.kind, source]),
);
