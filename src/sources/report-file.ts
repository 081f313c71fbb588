import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { identifier, readEventData } from './event-data.ts';
import type { ReportDependencies, ReportedChange, SourceReport } from './report.ts';
import { isWithin, unreadable } from './report-workday.ts';

/** A file that the source, or a job beside it, writes anew: one hire or termination a line. */
export const fileReportSettings = z.strictObject({
  kind: z.literal('file'),
  /** Absolute, or relative to muster.yaml. */
  path: z.string().min(1),
  /** `json`: an object a line; `csv`: the columns' names in the first line, RFC 4180, no line breaks within quotes. */
  format: z.enum(['json', 'csv']),
  /** It has everything and is written anew every few minutes, so that it can be asked about one worker. */
  worker: z.boolean().default(false),
});
type Settings = z.output<typeof fileReportSettings>;

const headSchema = z.looseObject({
  kind: z.enum(['terminated', 'hired']),
  workerId: identifier,
  id: identifier.exactOptional(),
});

/** A file that is older than the window's end cannot say what was in it, and is as good as none. */
export function fileReport(settings: Settings, { folder }: Pick<ReportDependencies, 'folder'>): SourceReport {
  const { path, format, worker } = settings;
  const where = isAbsolute(path) ? path : join(folder, path);
  async function* read(
    which: (change: ReportedChange) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<ReportedChange> {
    const faults: string[] = [];
    for await (const { row, line } of rowsOf(where, format, signal)) {
      const change = typeof row === 'string' ? row : changeOf(row);
      if (typeof change === 'string') faults.push(`line ${line}: ${change}`);
      else if (which(change)) yield change;
    }
    if (faults.length > 0) throw unreadable(faults);
  }
  return {
    query: ({ from, to }) => `file ${path} (${format}), entered from ${from} to ${to}`,
    async *changes(window, signal) {
      await requireWrittenSince(where, path, window.to, windowIsOver);
      yield* read((change) => isWithin(change, window), signal);
    },
    ...(worker
      ? {
          async worker(workerId: string, since: string, signal: AbortSignal) {
            await requireWrittenSince(where, path, since, eventCame);
            const found: ReportedChange[] = [];
            for await (const change of read((each) => each.workerId === workerId, signal)) found.push(change);
            return found;
          },
        }
      : {}),
    close: async () => undefined,
  };
}

const windowIsOver = {
  what: "the window's end",
  advice: 'Look at the job that writes it, or ask less often (deliveryChecks.<source>.every).',
};
const eventCame = {
  what: 'the event came',
  advice: 'Look at the job that writes it: it must write anew every few minutes.',
};

async function requireWrittenSince(
  where: string,
  path: string,
  moment: string,
  { what, advice }: { what: string; advice: string },
): Promise<void> {
  const written = await stat(where).catch((cause: unknown) => {
    throw new Failure('not-found', `the report ${path} is not there`, {
      advice: 'Whatever writes it has not: look at that job, and at the path in settings.report.',
      cause,
    });
  });
  if (written.mtimeMs >= Date.parse(moment)) return;
  const at = written.mtime.toISOString();
  throw new Failure('unavailable', `the report ${path} was last written at ${at}, before ${what}`, { advice });
}

interface Row {
  /** What the line says, or what is wrong with it. */
  row: Record<string, unknown> | string;
  line: number;
}

async function* rowsOf(where: string, format: Settings['format'], signal: AbortSignal): AsyncGenerator<Row> {
  const stream = createReadStream(where, { encoding: 'utf8', signal });
  // What readline does with a stream's failure depends on when it comes; it is thrown here whenever it does.
  let failure: unknown;
  stream.on('error', (error) => {
    failure = error;
  });
  let columns: string[] | undefined;
  let line = 0;
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      const plain = line === 1 ? text.replace(/^\uFEFF/, '') : text;
      if (plain.trim() === '') continue;
      if (format === 'json') yield { row: jsonOf(plain), line };
      else if (columns === undefined) columns = cells(plain) ?? [];
      else yield { row: record(columns, cells(plain)), line };
    }
  } catch (error) {
    failure ??= error;
  }
  if (failure !== undefined) {
    throw new Failure('unavailable', 'the report cannot be read to its end', { cause: failure });
  }
}

function jsonOf(text: string): Record<string, unknown> | string {
  try {
    const read = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    return read.success ? read.data : 'is no object';
  } catch {
    return 'is no JSON';
  }
}

/** The cells of a line of CSV; undefined where a quote is left open. */
function cells(line: string): string[] | undefined {
  const found: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = cell.exec(line);
    if (match === null) return undefined;
    const [, quoted, plain = '', end] = match;
    found.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === '') return found;
  }
}

const booleans = new Set(['immediate', 'isRehire', 'correction', 'rescinded']);

/** An empty cell says nothing. */
function record(columns: readonly string[], values: string[] | undefined): Record<string, unknown> | string {
  if (values === undefined) return 'has a quote that is not closed';
  if (values.length !== columns.length) return `has ${values.length} cells for ${columns.length} columns`;
  return Object.fromEntries(
    columns.flatMap((name, index) => {
      const value = values[index] ?? '';
      if (value === '') return [];
      return [[name, booleans.has(name) && /^(true|false)$/.test(value) ? value === 'true' : value]];
    }),
  );
}

function changeOf(row: Record<string, unknown>): ReportedChange | string {
  const head = headSchema.safeParse(row);
  if (!head.success) return head.error.issues.map(({ path, message }) => `/${path.join('/')} ${message}`).join(', ');
  const { kind, workerId, id, ...rest } = head.data;
  const data = kind === 'hired' && rest['startDate'] === undefined ? withStart(rest) : rest;
  const read = readEventData(kind, data);
  if (!read.ok) return read.faults.map(({ path, problem }) => `${path} ${problem}`).join(', ');
  const effectiveDate = read.value.effectiveDate ?? read.value.effectiveAt?.slice(0, 10);
  if (effectiveDate === undefined) return '/effectiveDate is required';
  return {
    ...{ workerId, kind, effectiveDate, data: read.value.data },
    ...(read.value.enteredAt === undefined ? {} : { enteredAt: read.value.enteredAt }),
    ...(id === undefined ? {} : { id }),
  };
}

/** A list of hires and terminations may have one column for both their dates. */
const withStart = (row: Record<string, unknown>): Record<string, unknown> => ({
  ...row,
  ...(row['effectiveDate'] === undefined ? {} : { startDate: row['effectiveDate'] }),
});
