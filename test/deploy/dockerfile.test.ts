import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
const [build = '', , final = ''] = stages;

/** What a stage takes out of the repository: `COPY src src`. */
const copied = (stage: string) =>
  [...stage.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));

/** The folder at the top that each relative import of these leads to. */
function imported(folders: string[]): Set<string> {
  const tops = new Set<string>();
  for (const folder of folders) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const file = join(folder, name);
      for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/\bfrom '(\.[^']+)'/g)) {
        tops.add(relative('.', resolve(file, '..', target)).split('/')[0] ?? '');
      }
    }
  }
  return tops;
}

describe('the Dockerfile', () => {
  it('starts from one exact version of Node.js, and glibc', () => {
    const bases = stages.map((stage) => /^FROM (\S+)/.exec(stage)?.[1]);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
  });

  it('builds with whatever the code imports', () => {
    const folders = ['src', 'workflows', 'activities'];
    expect(copied(build)).toEqual(expect.arrayContaining([...folders, ...imported(folders)]));
  });

  it('copies what is there, and what .dockerignore lets in', () => {
    const letIn = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const all = [...new Set(stages.flatMap(copied))];
    expect(all.filter((source) => !existsSync(source))).toEqual([]);
    expect([...letIn].sort()).toEqual(all.sort());
  });

  it('runs as somebody who is not root, with a health check, and takes the command', () => {
    expect(final).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(final).toMatch(/^HEALTHCHECK .*CMD \["node", "healthcheck\.mjs"\]$/m);
    expect(final).toMatch(/^ENTRYPOINT \["node", "bin\/muster\.js"\]$/m);
  });
});
