import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { receivingSources } from '../../src/receiver/receiving-source.ts';
import { connectReports, type ReportedChange, type SourceReport } from '../../src/sources/report.ts';
import { type Entry, raasPeer, sailPointPeer } from './report-peers.ts';

const window = { from: '2025-11-15T11:00:00.000Z', to: '2025-11-15T12:00:00.000Z' };
const secrets: Record<string, string> = { 'env:RAAS': 'raas-password', 'env:ISC': 'sailpoint-secret' };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function connect(report: unknown, folder = '.'): SourceReport {
  const connected = connectReports(
    { workday: { settings: { report } } },
    { secret: async (reference) => secrets[reference] ?? 'wrong', clock: Date.now, folder },
  ).get('workday');
  if (connected === undefined) throw new Error('no report');
  closing.push(() => connected.close());
  return connected;
}

/** What it gives, and what it says of the rest. */
async function read(report: SourceReport): Promise<{ changes: ReportedChange[]; code?: string; message?: string }> {
  const changes: ReportedChange[] = [];
  try {
    for await (const change of report.changes(window, AbortSignal.timeout(2_000))) changes.push(change);
    return { changes };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { changes, code: error.code, message: error.message };
  }
}

const entries: Entry[] = [
  { worker: 'GT-1', kind: 'terminated', date: '2025-11-14', entered: '2025-11-15T10:59:59.999Z' },
  { worker: 'GT-2', kind: 'terminated', date: '2025-11-15', entered: '2025-11-15T11:00:00.000Z' },
  { worker: 'GT-3', kind: 'hired', date: '2025-12-01', entered: '2025-11-15T11:59:59.999Z' },
  { worker: 'GT-4', kind: 'terminated', date: '2025-11-16', entered: '2025-11-15T12:00:00.000Z' },
];

async function raas(more: Record<string, unknown> = {}) {
  const peer = await raasPeer();
  closing.push(() => peer.close());
  peer.entries = entries;
  const report = connect({
    ...{ kind: 'workday-raas', baseUrl: peer.url, tenant: 'globaltech', owner: 'ISU_Muster' },
    ...{ report: 'Hires_and_Terminations', username: 'ISU_Muster', password: 'env:RAAS' },
    fields: { workerId: 'Employee_ID' },
    ...more,
  });
  return { peer, report };
}

describe("Workday's report", () => {
  it('gives the hires and terminations that were entered in the window, and asks for its days', async () => {
    const { peer, report } = await raas();
    expect(await read(report)).toEqual({
      changes: [
        {
          ...{
            workerId: 'GT-2',
            kind: 'terminated',
            effectiveDate: '2025-11-15',
            enteredAt: '2025-11-15T11:00:00.000Z',
          },
          data: { effectiveDate: '2025-11-15' },
        },
        {
          ...{ workerId: 'GT-3', kind: 'hired', effectiveDate: '2025-12-01', enteredAt: '2025-11-15T11:59:59.999Z' },
          data: { startDate: '2025-12-01', firstName: 'Sarah', lastName: 'Chen' },
        },
      ],
    });
    const path = '/ccx/service/customreport2/globaltech/ISU_Muster/Hires_and_Terminations';
    expect(peer.asked).toEqual([`${path}?format=json&From=2025-11-14&To=2025-11-16`]);
    expect(report.query(window)).toBe(`GET ${peer.url}${path}?format=json&From=2025-11-14&To=2025-11-16`);
  });

  it('is empty where the list is left away', async () => {
    const { peer, report } = await raas();
    peer.mood = 'empty';
    expect(await read(report)).toEqual({ changes: [] });
  });

  it('says what went wrong, by its class', async () => {
    const { peer, report } = await raas({ timeoutMs: 200 });
    peer.mood = 'error';
    expect((await read(report)).code).toBe('unavailable');
    peer.mood = 'garbage';
    expect((await read(report)).code).toBe('protocol');
    peer.mood = 'silent';
    expect((await read(report)).code).toBe('timeout');
    const stranger = await raas({ password: 'env:NOBODY' });
    expect((await read(stranger.report)).code).toBe('credentials');
  });

  it('names the rows that mean nothing, and gives the others', async () => {
    const { peer, report } = await raas();
    peer.entries = [...entries.slice(1, 2), { ...entries[1], worker: 'GT-9', date: 'soon' } as Entry];
    const { changes, code, message } = await read(report);
    expect(changes.map(({ workerId }) => workerId)).toEqual(['GT-2']);
    expect({ code, message }).toEqual({
      code: 'protocol',
      message: '1 lines cannot be read: row 2: /effectiveDate must be a real date such as 2025-11-15',
    });
  });

  it('leaves away what a later row takes back', async () => {
    const { report, peer } = await raas();
    const [date, later] = ['2025-11-15', '2025-11-15T11:30:00.000Z'];
    peer.entries = [
      { worker: 'GT-2', kind: 'rescinded', date, entered: later },
      { worker: 'GT-2', kind: 'terminated', date, entered: '2025-11-15T11:00:00.000Z' },
      { worker: 'GT-5', kind: 'rescinded', date, entered: '2025-11-15T11:00:00.000Z' },
      { worker: 'GT-5', kind: 'terminated', date, entered: later },
    ];
    expect((await read(report)).changes.map(({ workerId }) => workerId)).toEqual(['GT-5']);
  });
});

describe("a worker's own report at Workday", () => {
  const since = '2025-11-15T12:00:00.000Z';
  const own = { worker: { report: 'Worker_History', prompt: 'Worker' } };
  const ask = (report: SourceReport) => report.worker?.('GT-2', since, AbortSignal.timeout(2_000));

  it('is asked for by its prompt, and gives all of one worker in the order of its entry', async () => {
    const { peer, report } = await raas({ ...own, parameters: { Country: 'US' } });
    const of = (kind: Entry['kind'], date: string, entered: string, worker = 'GT-2') => ({
      ...{ worker, kind, date, entered: `${entered}T09:00:00.000Z` },
    });
    peer.entries = [
      of('moved', '2024-03-04', '2024-02-10'),
      of('hired', '2019-05-01', '2019-04-01'),
      of('terminated', '2020-12-31', '2020-12-01'),
      of('hired', '2024-03-01', '2024-02-01'),
      of('terminated', '2025-11-30', '2025-11-01'),
      of('rescinded', '2025-11-30', '2025-11-05'),
      of('hired', '2026-01-05', '2025-11-10'),
      of('cancelled', '2026-01-05', '2025-11-11'),
      of('terminated', '2025-11-30', '2025-11-02', 'GT-3'),
    ];
    const told = (await ask(report))?.map(({ kind, effectiveDate, enteredAt, takenBack }) => [
      ...[kind, effectiveDate, enteredAt?.slice(0, 10)],
      ...(takenBack === undefined ? [] : [takenBack.enteredAt?.slice(0, 10)]),
    ]);
    expect(told).toEqual([
      ['hired', '2019-05-01', '2019-04-01'],
      ['terminated', '2020-12-31', '2020-12-01'],
      ['hired', '2024-03-04', '2024-02-10'],
      ['terminated', '2025-11-30', '2025-11-01', '2025-11-05'],
      ['hired', '2026-01-05', '2025-11-10', '2025-11-11'],
    ]);
    const path = '/ccx/service/customreport2/globaltech/ISU_Muster/Worker_History';
    expect(peer.asked).toEqual([`${path}?Country=US&format=json&Worker=GT-2`]);
  });

  it('that fails, or has a row that means nothing, is no answer', async () => {
    const { peer, report } = await raas(own);
    peer.entries = [{ worker: 'GT-2', kind: 'terminated', date: 'soon', entered: since }];
    await expect(ask(report)).rejects.toMatchObject({ code: 'protocol' });
    peer.mood = 'error';
    await expect(ask(report)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is nothing that can be asked for where none is configured', async () => {
    expect((await raas()).report.worker).toBeUndefined();
  });
});

describe("SailPoint's search", () => {
  async function isc(more: Record<string, unknown> = {}) {
    const peer = await sailPointPeer();
    closing.push(() => peer.close());
    peer.entries = entries;
    const report = connect({
      ...{ kind: 'sailpoint-search', baseUrl: peer.url, clientId: 'muster', clientSecret: 'env:ISC', ...more },
    });
    return { peer, report };
  }

  it('gives identities that ended or were made in the window', async () => {
    const { peer, report } = await isc();
    expect(await read(report)).toEqual({
      changes: [
        { workerId: 'GT-2', kind: 'terminated', effectiveDate: '2025-11-15', data: { effectiveDate: '2025-11-15' } },
        {
          ...{ workerId: 'GT-3', kind: 'hired', effectiveDate: '2025-12-01', enteredAt: '2025-11-15T11:59:59.999Z' },
          data: { startDate: '2025-12-01', firstName: 'Sarah', lastName: 'Chen' },
        },
      ],
    });
    expect(peer.asked[0]).toBe(
      '/v2025/search?limit=250 modified:[2025-11-15T11:00:00.000Z TO 2025-11-15T12:00:00.000Z} AND attributes.cloudLifecycleState:(terminated OR inactive)',
    );
  });

  it('reads every page', async () => {
    const { peer, report } = await isc();
    peer.entries = Array.from({ length: 501 }, (_, index) => ({
      worker: `GT-${index}`,
      kind: 'terminated' as const,
      date: '2025-11-15',
      entered: '2025-11-15T11:10:00.000Z',
    }));
    const { changes } = await read(report);
    expect(new Set(changes.map(({ workerId }) => workerId)).size).toBe(501);
    expect(peer.asked).toHaveLength(4);
  });

  it('says what went wrong, by its class', async () => {
    const { peer, report } = await isc({ timeoutMs: 200 });
    peer.mood = 'error';
    expect((await read(report)).code).toBe('unavailable');
    peer.mood = 'garbage';
    expect((await read(report)).code).toBe('protocol');
    peer.mood = 'silent';
    expect((await read(report)).code).toBe('timeout');
    expect((await read((await isc({ clientSecret: 'env:NOBODY' })).report)).code).toBe('credentials');
  });
});

describe('a file', () => {
  async function file(name: string, text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-report-'));
    closing.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, name), text);
    return folder;
  }

  const expected: ReportedChange[] = [
    {
      ...{ workerId: 'GT-2', kind: 'terminated', effectiveDate: '2025-11-15', enteredAt: '2025-11-15T11:00:00.000Z' },
      data: { effectiveDate: '2025-11-15', category: 'voluntary' },
    },
    {
      ...{ workerId: 'GT-3', kind: 'hired', effectiveDate: '2025-12-01', id: 'H-3' },
      data: { startDate: '2025-12-01', effectiveDate: '2025-12-01', lastName: 'Chen, "Sarah"' },
    },
  ];

  it('is read as JSON lines', async () => {
    const folder = await file(
      'changes.jsonl',
      `${JSON.stringify({ kind: 'terminated', workerId: 'GT-2', effectiveDate: '2025-11-15', category: 'voluntary', enteredAt: '2025-11-15T12:00:00+01:00' })}
${JSON.stringify({ kind: 'terminated', workerId: 'GT-4', effectiveDate: '2025-11-15', enteredAt: '2025-11-15T13:00:00Z' })}

${JSON.stringify({ kind: 'hired', workerId: 'GT-3', id: 'H-3', effectiveDate: '2025-12-01', lastName: 'Chen, "Sarah"' })}\n`,
    );
    expect(await read(connect({ kind: 'file', path: 'changes.jsonl', format: 'json' }, folder))).toEqual({
      changes: expected,
    });
  });

  it('is read as CSV, and lines that mean nothing are named', async () => {
    const folder = await file(
      'changes.csv',
      `\uFEFFkind,workerId,id,effectiveDate,enteredAt,category,lastName\r
terminated,GT-2,,2025-11-15,2025-11-15T11:00:00Z,voluntary,\r
hired,GT-3,H-3,2025-12-01,,,"Chen, ""Sarah"""\r
hired,GT-7,,2025-12-01\r
promoted,GT-8,,2025-12-01,,,\r
hired,GT-9,,2025-12-01,,,"open\r
`,
    );
    const { changes, code, message } = await read(
      connect({ kind: 'file', path: 'changes.csv', format: 'csv' }, folder),
    );
    expect(changes).toEqual(expected);
    expect(code).toBe('protocol');
    expect(message).toMatch(
      /^3 lines cannot be read: line 4: has 4 cells for 7 columns; line 5: \/kind .*; line 6: has a quote that is not closed$/,
    );
  });

  it('answers about one worker where it says so, unless it was written before the event came', async () => {
    const line = (workerId: string) => JSON.stringify({ kind: 'terminated', workerId, effectiveDate: '2025-11-15' });
    const folder = await file('changes.jsonl', [line('GT-2'), line('GT-3')].join('\n'));
    const settings = { kind: 'file', path: 'changes.jsonl', format: 'json' };
    const report = connect({ ...settings, worker: true }, folder);
    const ask = (since: string) => report.worker?.('GT-3', since, AbortSignal.timeout(2_000));
    expect(await ask('2025-11-15T12:00:00.000Z')).toEqual([
      { workerId: 'GT-3', kind: 'terminated', effectiveDate: '2025-11-15', data: { effectiveDate: '2025-11-15' } },
    ]);
    const old = new Date('2025-11-15T11:59:59Z');
    await utimes(join(folder, 'changes.jsonl'), old, old);
    await expect(ask('2025-11-15T12:00:00.000Z')).rejects.toMatchObject({ code: 'unavailable' });
    expect(connect(settings, folder).worker).toBeUndefined();
  });

  it('that is not there, or older than the window, is a failure and not an empty list', async () => {
    const folder = await file('old.jsonl', '');
    const old = new Date('2025-11-15T11:59:59Z');
    await utimes(join(folder, 'old.jsonl'), old, old);
    expect((await read(connect({ kind: 'file', path: 'old.jsonl', format: 'json' }, folder))).code).toBe('unavailable');
    expect((await read(connect({ kind: 'file', path: 'none.jsonl', format: 'json' }, folder))).code).toBe('not-found');
  });
});

describe('settings of a report', () => {
  const source = (report: unknown) => ({
    sources: {
      hr: {
        ...{ kind: 'workday', authoritative: true, mode: 'enforce' as const, duplicateWindow: 1, rateLimit: 1 },
        authentication: [{ type: 'none' as const, reason: 'only a test' }],
        settings: { report },
      },
    },
  });

  it('stand beside those of the kind', () => {
    expect(receivingSources(source({ kind: 'file', path: 'a', format: 'csv' }))).toHaveLength(1);
  });

  it('that are wrong are named all at once, with those of everything else', () => {
    expect(() => receivingSources(source({ kind: 'fax' }))).toThrow(
      'sources.hr.settings.report.kind: must be workday-raas, sailpoint-search or file',
    );
    expect(() => connect({ kind: 'file', path: 'a', format: 'xls' })).toThrow('sources.workday.settings.report.format');
  });
});
