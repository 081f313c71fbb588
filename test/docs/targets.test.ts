import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { exceptionKinds } from '../../src/model/exception.ts';
import { searchAttributes } from '../../src/model/messages.ts';
import { demoConfig } from '../../src/sandbox/demo-config.ts';
import { faultSchema } from '../../src/sandbox/faults.ts';
import { abilitiesOf, connectTargets } from '../../src/targets/connect.ts';
import { definitions } from '../../src/targets/index.ts';
import { firstCells, rows } from './markdown.ts';

const plain = (cell = '') => cell.replaceAll('`', '');

const address = {
  sandboxUrl: 'http://127.0.0.1:1',
  ldapsUrl: 'ldaps://127.0.0.1:1',
  smtpUrl: 'smtp://127.0.0.1:1',
  caPath: 'ca.pem',
};

describe('docs/targets.md', () => {
  it('says what each target can do with accounts', async () => {
    const connected = [...connectTargets(configSchema.parse(demoConfig(address)), async () => '').values()];
    const can = connected.flatMap(({ entry, target: { accounts } }) => {
      const more = (['create', 'list', 'update', 'remove'] as const).filter((name) => accounts?.[name] !== undefined);
      return accounts === undefined ? [] : [[entry.kind, more.join(', ')]];
    });
    for (const { target } of connected) await target.close?.();
    const said = rows('docs/targets.md', 'What it can do with accounts').map((cells) => cells.map(plain));
    expect(said).toEqual(can.sort());
  });

  it('lists every target, with what it can do', async () => {
    const connected = [...connectTargets(configSchema.parse(demoConfig(address)), async () => '').values()];
    const said = rows('docs/targets.md', 'Which there are').map(([kind, title, abilities]) => [
      plain(kind),
      title?.replace(/^\[(.*)\]\(.*\)$/, '$1'),
      plain(abilities),
    ]);
    const can = new Map(connected.map(({ entry, target }) => [entry.kind, abilitiesOf(target).join(', ')]));
    for (const { target } of connected) await target.close?.();
    const right = Object.values(definitions).map(({ kind, title }) => [
      kind,
      title,
      can.get(kind) ?? expect.any(String),
    ]);
    expect(said).toEqual(right);
  });

  it('lists every part of a fault', () => {
    expect(firstCells('docs/targets.md', 'Faults')).toEqual(Object.keys(faultSchema.shape));
  });
});

describe('docs/runbook.md', () => {
  it('says of every kind of exception what it means and what to do', () => {
    const said = rows('docs/runbook.md', 'Exceptions');
    expect(said.map(([kind]) => plain(kind))).toEqual([...exceptionKinds]);
    for (const [kind, meaning, advice] of said) {
      expect(meaning, kind).toMatch(/\w{3}/);
      expect(advice, kind).toMatch(/\w{3}/);
    }
  });

  it('lists every search attribute with its type', () => {
    const types = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList', DATETIME: 'Datetime' } as const;
    const said = rows('docs/runbook.md', 'Search attributes').map(([name, type]) => [plain(name), type]);
    expect(said).toEqual(Object.entries(searchAttributes).map(([name, type]) => [name, types[type]]));
  });
});
