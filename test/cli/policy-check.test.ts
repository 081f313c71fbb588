import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { parsePolicy } from '../../src/policy/load.ts';

let folder: string;
let out: string[];
let err: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-cli-'));
  [out, err] = [[], []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const muster = (...args: string[]) =>
  run(args, {
    ...{ env: {}, folder, terminal: false, stopped: () => new Promise(() => undefined) },
    ...{ out: (text) => void out.push(text), err: (text) => void err.push(text) },
  });

const right = 'version: 1\nzones: { default: UTC }\nexceptions: { owner: ops }\n';
const write = (name: string, text: string) => writeFile(join(folder, name), text);

describe('muster policy check', () => {
  it('says that a policy is right, by its hash', async () => {
    await write('policy.yaml', right);
    await write('muster.yaml', 'targets: {}\n');
    expect(await muster('policy', 'check')).toBe(0);
    const { hash } = parsePolicy(right);
    expect(out).toEqual([
      `${join(folder, 'policy.yaml')} is right (${hash}), and names nothing that muster.yaml lacks.`,
    ]);
  });

  it('names every fault of the file with line and column, and ends with 1', async () => {
    await write(
      'new.yaml',
      `${right}rules:\n  - { id: a, why: a, when: person.salary > 3, give: [{ target: ad }] }\nlunch: 1\n`,
    );
    expect(await muster('policy', 'check', 'new.yaml')).toBe(1);
    const path = join(folder, 'new.yaml');
    expect(out).toHaveLength(2);
    expect(out.join('\n')).toContain(`${path}:5:28: rules.0.when: `);
    expect(out.join('\n')).toMatch(/new\.yaml:1:1: \(top\): .*lunch/);
  });

  it('names what muster.yaml lacks in the same way, for scripts too', async () => {
    await write('policy.yaml', `${right}hires: { ahead: [gone] }\n`);
    await write('muster.yaml', 'targets: {}\n');
    expect(await muster('policy', 'check', '--json')).toBe(1);
    const file = join(folder, 'policy.yaml');
    expect(JSON.parse(out[0] ?? '')).toEqual({
      file,
      hash: expect.stringMatching(/^sha256:/),
      faults: [`${file}:4:18: hires.ahead.0: muster.yaml has no target "gone"`],
    });
  });

  it('checks the file alone where there is no muster.yaml, and says so', async () => {
    await write('policy.yaml', `${right}hires: { ahead: [gone] }\n`);
    expect(await muster('policy', 'check')).toBe(0);
    expect(out[0]).toContain('and there is no muster.yaml to hold it against.');
  });

  it('does not take a broken muster.yaml for a fault of the policy', async () => {
    await write('policy.yaml', right);
    await write('muster.yaml', 'targets: 7\n');
    expect(await muster('policy', 'check')).toBe(2);
    expect(err.join('\n')).toContain('muster.yaml:1:10: targets:');
  });
});
