import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { faultsFrom } from './faults.ts';
import { fileReport, fileReportSettings } from './report-file.ts';
import { sailPointReport, sailPointReportSettings } from './report-sailpoint.ts';
import { raasReport, raasReportSettings } from './report-workday.ts';
import type { NormalisedEvent } from './source.ts';

/** From `from` to just before `to`, ISO instants. */
export interface ReportWindow {
  from: string;
  to: string;
}

/** One hire or termination as the source itself lists it. */
export interface ReportedChange {
  /** The worker id at the source. */
  workerId: string;
  kind: 'terminated' | 'hired';
  /** Civil date: the last day, or the first. */
  effectiveDate: string;
  enteredAt?: string;
  /** The source's own id of it. */
  id?: string;
  /** What an event about it would carry. */
  data: NormalisedEvent['data'];
}

/** One of all that a source has of one worker. */
export interface WorkerChange extends ReportedChange {
  /** Present where the source has taken it back since; with the moment of that, where it says one. */
  takenBack?: { enteredAt?: string };
}

/** What a source says it has: its own list, asked for, to hold against the events that arrived. */
export interface SourceReport {
  /** What is asked, for evidence: no secrets. */
  query(window: ReportWindow): string;
  /**
   * Hires and terminations entered in the window, and all whose entry moment the source does not say. Gives what can be read
   * before it throws: a list with one bad line still names what is missing in the others.
   */
  changes(window: ReportWindow, signal: AbortSignal): AsyncIterable<ReportedChange>;
  /**
   * All hires and terminations of one worker, those that were taken back included. What the source had before `since`, an ISO
   * instant, is no answer, and is thrown. Absent: it cannot be asked about one worker.
   */
  worker?(workerId: string, since: string, signal: AbortSignal): Promise<WorkerChange[]>;
  close(): Promise<void>;
}

/** How reports get their secrets, at each use. */
export interface ReportDependencies {
  secret(reference: string): Promise<string>;
  /** Wall clock, in milliseconds. */
  clock(): number;
  /** Folder of muster.yaml: files are named relative to it. */
  folder: string;
}

/** What muster.yaml says under a source's `settings.report`. */
export const reportSettings = z.discriminatedUnion(
  'kind',
  [raasReportSettings, sailPointReportSettings, fileReportSettings],
  { error: ({ code }) => (code === 'invalid_union' ? 'must be workday-raas, sailpoint-search or file' : undefined) },
);

/** All reports by the name of their source. */
export type SourceReports = ReadonlyMap<string, SourceReport>;

/** Takes `report` out of a source's settings: the rest is for the source's own kind. */
export function splitReport(settings: Record<string, unknown>): { report: unknown; rest: Record<string, unknown> } {
  const { report, ...rest } = settings;
  return { report, rest };
}

/** Connects every report that muster.yaml configures. Throws `misconfigured` with all that is wrong with any of them. */
export function connectReports(
  sources: Record<string, { settings: Record<string, unknown> }>,
  dependencies: ReportDependencies,
): SourceReports {
  const faults: string[] = [];
  const reports = new Map<string, SourceReport>();
  for (const [name, source] of Object.entries(sources)) {
    const { report } = splitReport(source.settings);
    if (report === undefined) continue;
    const read = reportSettings.safeParse(report);
    if (read.success) reports.set(name, connectReport(read.data, dependencies));
    else faults.push(...reportFaults(name, report));
  }
  if (faults.length > 0) throw new Failure('misconfigured', faults.join('\n'));
  return reports;
}

/** What is wrong with a source's report settings, one line each; empty where all is right or there are none. */
export function reportFaults(name: string, report: unknown): string[] {
  const read = report === undefined ? undefined : reportSettings.safeParse(report);
  if (read === undefined || read.success) return [];
  return faultsFrom(read.error).map(
    ({ path, problem }) => `sources.${name}.settings.report${path.replaceAll('/', '.')}: ${problem}`,
  );
}

function connectReport(settings: z.output<typeof reportSettings>, dependencies: ReportDependencies): SourceReport {
  switch (settings.kind) {
    case 'workday-raas':
      return raasReport(settings, dependencies);
    case 'sailpoint-search':
      return sailPointReport(settings, dependencies);
    case 'file':
      return fileReport(settings, dependencies);
  }
}
