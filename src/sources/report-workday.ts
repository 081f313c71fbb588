import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { HttpClient } from '../targets/http-client.ts';
import { httpUrl, pemText, secretReference } from '../targets/setting-types.ts';
import type { ReportDependencies, ReportedChange, ReportWindow, SourceReport, WorkerChange } from './report.ts';
import type { NormalisedEvent } from './source.ts';
import { normaliseReportRow, workdaySettings } from './workday.ts';

const { events, fields, terminationTypes, statuses } = workdaySettings.shape;

/** A Report-as-a-Service of a Workday tenant. Its columns are the fields of the pushed event, or are mapped to them. */
export const raasReportSettings = z.strictObject({
  kind: z.literal('workday-raas'),
  /** `https://wd2-impl-services1.workday.com`. */
  baseUrl: httpUrl,
  tenant: z.string().min(1),
  /** Who owns the report: an integration user's account name. */
  owner: z.string().min(1),
  report: z.string().min(1),
  username: z.string().min(1),
  password: secretReference,
  /** The report's prompts for the first and the last day that it is to list, by their names in its URL. */
  prompts: z
    .strictObject({ from: z.string().min(1).default('From'), to: z.string().min(1).default('To') })
    .prefault({}),
  /** A report of its own, with all that was entered about one worker, and its prompt for the worker's id. Absent: nobody is asked. */
  worker: z.strictObject({ report: z.string().min(1), prompt: z.string().min(1) }).exactOptional(),
  /** Other prompts, as they are. */
  parameters: z.record(z.string().min(1), z.string()).default({}),
  /** What rows are that have no column `event`: `Worker_Terminated`. */
  event: z.string().min(1).exactOptional(),
  events,
  fields,
  terminationTypes,
  statuses,
  ca: pemText.exactOptional(),
  /** Reports are slow: Workday gives one up to 30 minutes. Milliseconds. */
  timeoutMs: z.int().positive().default(60_000),
});
type Settings = z.output<typeof raasReportSettings>;

const answerSchema = z.object({ Report_Entry: z.array(z.unknown()).default([]) });

/** A report has no pages: what is longer must be asked for in shorter windows. */
const maxBytes = 100_000_000;

/** Reads the report of a window; a report without rows may leave `Report_Entry` away. */
export function raasReport(settings: Settings, { secret }: Pick<ReportDependencies, 'secret'>): SourceReport {
  const client = new HttpClient({
    ...{ baseUrl: settings.baseUrl, title: 'Workday report', timeoutMs: settings.timeoutMs, maxBytes },
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
  });
  const { prompts, parameters, tenant, owner, worker } = settings;
  const pathOf = (report: string, asked: Record<string, string>) => {
    const query = new URLSearchParams({ ...parameters, format: 'json', ...asked });
    return `/ccx/service/customreport2/${[tenant, owner, report].map(encodeURIComponent).join('/')}?${query}`;
  };
  // Prompts are days. Entry moments are in the tenant's zone: a day more on either side, and rows are chosen below.
  const pathOfWindow = (window: ReportWindow) =>
    pathOf(settings.report, { [prompts.from]: dayOf(window.from, -1), [prompts.to]: dayOf(window.to, 1) });

  async function ask(report: string, path: string, signal: AbortSignal) {
    const credentials = `${settings.username}:${await secret(settings.password)}`;
    const answer = await client.call({
      path,
      name: `report ${report}`,
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      signal,
    });
    const body = answerSchema.safeParse(answer.json());
    if (!body.success) throw new Failure('protocol', 'Workday report: the answer has no list Report_Entry');
    const faults: string[] = [];
    const rows = body.data.Report_Entry.flatMap((row, index) => read(row, index, settings, faults));
    return { rows, faults };
  }
  return {
    query: (window) => `GET ${settings.baseUrl.replace(/\/$/, '')}${pathOfWindow(window)}`,
    async *changes(window, signal) {
      const { rows, faults } = await ask(settings.report, pathOfWindow(window), signal);
      yield* standing(rows).filter((change) => isWithin(change, window));
      if (faults.length > 0) throw unreadable(faults);
    },
    ...(worker === undefined
      ? {}
      : {
          async worker(workerId: string, _since: string, signal: AbortSignal) {
            const { rows, faults } = await ask(
              worker.report,
              pathOf(worker.report, { [worker.prompt]: workerId }),
              signal,
            );
            if (faults.length > 0) throw unreadable(faults);
            return historyOf(rows.filter(({ subject }) => subject === workerId));
          },
        }),
    close: () => client.close(),
  };
}

function read(row: unknown, index: number, settings: Settings, faults: string[]): NormalisedEvent[] {
  const { event, events, fields, terminationTypes, statuses } = settings;
  const named =
    typeof row === 'object' && row !== null && event !== undefined && !Object.hasOwn(row, fields['event'] ?? 'event')
      ? { ...row, [fields['event'] ?? 'event']: event }
      : row;
  const normalised = normaliseReportRow(named, { events, fields, terminationTypes, statuses });
  if (normalised.ok) return normalised.events;
  faults.push(`row ${index + 1}: ${normalised.faults.map(({ path, problem }) => `${path} ${problem}`).join(', ')}`);
  return [];
}

const undone: Partial<Record<NormalisedEvent['type'], ReportedChange['kind']>> = {
  'termination-rescinded': 'terminated',
  'hire-cancelled': 'hired',
};

const dateOf = ({ effectiveDate, effectiveAt }: NormalisedEvent): string | undefined =>
  effectiveDate ?? effectiveAt?.slice(0, 10);

/** The row as a hire or a termination; undefined where it is none, or has no date. */
function changeOf(row: NormalisedEvent): ReportedChange | undefined {
  const kind = row.type === 'rehired' || row.type === 'start-date-changed' ? 'hired' : row.type;
  const effectiveDate = dateOf(row);
  if ((kind !== 'terminated' && kind !== 'hired') || effectiveDate === undefined) return undefined;
  return {
    ...{ workerId: row.subject, kind, effectiveDate, data: row.data },
    ...(row.enteredAt === undefined ? {} : { enteredAt: row.enteredAt }),
    ...(row.id === undefined ? {} : { id: row.id }),
  };
}

/** All of one worker in the order of its entry: a start that moved is where it is now, and what was taken back says so. */
function historyOf(rows: readonly NormalisedEvent[]): WorkerChange[] {
  const dated = rows.every(({ enteredAt }) => enteredAt !== undefined);
  // Without moments, what takes something back is taken to be the later word.
  const orderOf = (row: NormalisedEvent) => (dated ? (row.enteredAt ?? '') : row.type in undone ? '1' : '0');
  const history: WorkerChange[] = [];
  for (const row of [...rows].sort((one, other) => orderOf(one).localeCompare(orderOf(other)))) {
    const change = changeOf(row);
    const kind = undone[row.type];
    const standing = history.filter(({ takenBack }) => takenBack === undefined);
    if (kind !== undefined) {
      const own = standing.filter((each) => each.kind === kind);
      const met = own.findLast((each) => each.effectiveDate === dateOf(row)) ?? own.at(-1);
      if (met !== undefined) met.takenBack = row.enteredAt === undefined ? {} : { enteredAt: row.enteredAt };
    } else if (change !== undefined) {
      const moved = row.type === 'start-date-changed' ? standing.findLast((each) => each.kind === 'hired') : undefined;
      if (moved === undefined) history.push(change);
      else Object.assign(moved, change);
    }
  }
  return history;
}

/** Hires and terminations that nothing later in the report takes back. */
function standing(rows: readonly NormalisedEvent[]): ReportedChange[] {
  return rows.flatMap((row, index) => {
    const change = row.type === 'start-date-changed' ? undefined : changeOf(row);
    if (change === undefined) return [];
    const takenBack = rows.some(
      (other, at) =>
        other.subject === row.subject &&
        undone[other.type] === change.kind &&
        (other.enteredAt !== undefined && row.enteredAt !== undefined ? other.enteredAt > row.enteredAt : at > index),
    );
    return takenBack ? [] : [change];
  });
}

/** Whether it was entered in the window, as far as the source says. */
export function isWithin({ enteredAt }: Pick<ReportedChange, 'enteredAt'>, { from, to }: ReportWindow): boolean {
  return enteredAt === undefined || (enteredAt >= from && enteredAt < to);
}

/** A report of which some lines mean nothing; what is in them may be personal, so only their place is told. */
export function unreadable(faults: readonly string[]): Failure {
  const more = faults.length > 5 ? ` and ${faults.length - 5} more` : '';
  return new Failure('protocol', `${faults.length} lines cannot be read: ${faults.slice(0, 5).join('; ')}${more}`, {
    advice: "Map the report's columns in the source's settings.report, or mend the lines at the source.",
  });
}

const dayOf = (instant: string, plus: number): string =>
  new Date(Date.parse(instant) + plus * 86_400_000).toISOString().slice(0, 10);
