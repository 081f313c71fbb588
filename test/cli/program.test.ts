import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { run } from '../../src/cli/program.ts';

let folder: string;
let out: string[];
let err: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-cli-'));
  out = [];
  err = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cli = (env: NodeJS.ProcessEnv = {}): Cli => ({
  env,
  folder,
  out: (text) => void out.push(text),
  err: (text) => void err.push(text),
  terminal: false,
  stopped: () => new Promise(() => undefined),
});
const muster = (line: string, env?: NodeJS.ProcessEnv) => run(line.split(' ').filter(Boolean), cli(env));

describe('the command line', () => {
  it('lists every command, the global options and the exit codes', async () => {
    expect(await muster('--help')).toBe(0);
    const commands = ['demo', 'start', 'receiver', 'worker', 'operator', 'watch', 'setup', 'doctor'];
    for (const word of [
      ...commands,
      'people',
      'exceptions',
      'send',
      'terminate',
      '--home',
      '--config',
      '--policy',
      '--json',
    ]) {
      expect(out.join('\n')).toContain(`  ${word}`);
    }
    expect(out.join('\n')).toContain(
      'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something it needs is out of reach.',
    );
    expect(err).toEqual([]);
  });

  it('every command has its own help, its parts too', async () => {
    const commands =
      'demo start receiver worker operator watch setup doctor send terminate people exceptions hire plan undo privileges legal-hold';
    const parts = {
      people: ['import', 'show', 'timeline', 'contract-end'],
      exceptions: ['list', 'resolve'],
      hire: ['list', 'show', 'amend', 'cancel'],
      privileges: ['grant'],
      'legal-hold': ['list', 'place', 'lift'],
    };
    const whole = Object.entries(parts).flatMap(([command, its]) => its.map((part) => `${command} ${part}`));
    for (const command of [...commands.split(' '), ...whole]) {
      out = [];
      expect(await muster(`${command} --help`)).toBe(0);
      expect(out.join('\n')).toContain(`Usage: muster ${command}`);
    }
  });

  it('prints the version of the package', async () => {
    expect(await muster('--version')).toBe(0);
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
    expect(out).toEqual([version]);
  });

  it('wrong usage ends with 2 and says what was wrong', async () => {
    const wrong = {
      dismiss: "error: unknown command 'dismiss'",
      'send event.json': "error: required option '--source <name>' not specified",
      'terminate GT-48291': 'muster: say when: --immediate, or --effective-date with the last day',
      'terminate GT-48291 --category boredom': 'boredom',
      'people import nowhere.json': 'muster: nowhere.json cannot be read',
      'people show': "error: missing required argument 'id'",
      'exceptions resolve --action retry': "error: missing required argument 'id'",
      'exceptions resolve a/b': "error: required option '--action <action>' not specified",
      'exceptions resolve a/b --action forget': 'Allowed choices are',
      'exceptions resolve a/b --action drop': 'muster: say why: drop needs --reason',
      'exceptions resolve a/b --action attach --reason old': 'muster: say whose it is: attach needs --person',
      'exceptions resolve a/b --action retry --person GT-1': 'muster: --person is for attach alone',
      'receiver --config nowhere.yaml': 'nowhere.yaml does not exist',
      receiver: 'muster: there is no muster.yaml',
    };
    for (const [line, says] of Object.entries(wrong)) {
      err = [];
      expect([line, await muster(line)]).toEqual([line, 2]);
      expect(err.join('\n')).toContain(says);
    }
    expect(await muster('')).toBe(2);
  });

  it('what needs a running Muster ends with 3 when there is none, and says how to start one', async () => {
    await writeFile(join(folder, 'event.json'), '{}');
    for (const line of [
      'people show GT-48291',
      'exceptions',
      'exceptions resolve person:GT-1/x --action retry',
      'terminate GT-48291 --immediate',
      'send event.json --source workday',
    ]) {
      err = [];
      expect([line, await muster(line)]).toEqual([line, 3]);
      expect(err.join('\n')).toContain('`muster start`');
    }
  });

  it('an address that a killed Muster left behind is not taken for a running one', async () => {
    const home = join(folder, '.muster');
    await mkdir(home);
    const ready = {
      receiver: 'http://127.0.0.1:1',
      operator: 'http://127.0.0.1:1',
      temporal: { address: '127.0.0.1:1' },
    };
    await writeFile(join(home, 'ready.json'), JSON.stringify(ready));
    expect(await muster('terminate GT-48291 --immediate')).toBe(3);
    expect(err.join('\n')).toContain('no Muster is running');
  });

  it('faults come as JSON for scripts', async () => {
    expect(await muster('exceptions --json')).toBe(3);
    expect(out).toEqual([]);
    expect(JSON.parse(err.join(''))).toEqual({
      error: {
        code: 'unavailable',
        message: expect.stringContaining('nothing runs with the home folder'),
        advice: expect.stringContaining('muster start'),
      },
    });
  });
});

describe('a directory that nobody has open', () => {
  it('takes an import, twice without a difference, and shows who is in it', async () => {
    const people = [
      {
        ...{
          source: 'workday',
          workerId: 'GT-1',
          firstName: 'Ada',
          lastName: 'Marsh',
          email: 'amarsh@globaltech.example',
        },
        ...{ workerType: 'employee', startDate: '2020-01-01', department: 'Finance' },
      },
    ];
    await writeFile(join(folder, 'people.json'), JSON.stringify({ people }));
    expect(await muster('people import people.json')).toBe(0);
    expect(await muster('people import people.json --json')).toBe(0);
    expect(out[0]).toBe('1 created, 0 updated, 0 unchanged.');
    expect(JSON.parse(out[1] ?? '')).toEqual({ created: 0, updated: 0, unchanged: 1, conflicts: [] });

    expect(await muster('people show amarsh@globaltech.example')).toBe(0);
    expect(out[2]).toContain('GT-1  Ada Marsh  Active');
    expect(err).toEqual([]);
  });

  it('is left alone while another process works in its folder', async () => {
    await mkdir(join(folder, '.muster', 'directory'), { recursive: true });
    const other = spawn('sleep', ['604']);
    try {
      await writeFile(join(folder, '.muster', 'lock'), JSON.stringify({ pid: other.pid, command: 'sleep 604' }));
      expect(await muster('people show GT-1')).toBe(3);
      expect(err.join('\n')).toContain(`is in use by process ${other.pid} (sleep 604)`);
    } finally {
      other.kill();
    }
  });
});
