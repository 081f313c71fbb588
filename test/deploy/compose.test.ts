import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { byLife, readCompose } from './compose.ts';

const { services, networks, secrets } = readCompose();
const { once, running } = byLife(services);
const everyService = Object.entries(services);

/** `./deploy/muster.yaml:/etc/muster/muster.yaml:ro` → its parts; a named volume has no path. */
const mountsOf = (volumes: string[]) =>
  volumes.map((volume) => {
    const [from = '', to = '', mode = ''] = volume.split(':');
    return { from, to, mode, isFile: from.startsWith('./') };
  });

describe('docker-compose.yml', () => {
  it('has the parts of Muster, Temporal and PostgreSQL, and what prepares them', () => {
    expect(running.map(([name]) => name).sort()).toEqual(
      ['operator', 'postgres', 'receiver', 'temporal', 'temporal-ui', 'watch', 'worker'].sort(),
    );
    expect(once.map(([name]) => name).sort()).toEqual(
      ['setup', 'temporal-cli', 'temporal-namespace', 'temporal-schema'].sort(),
    );
  });

  it.each(everyService)('%s: its image is pinned to an exact version', (_name, { image }) => {
    expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z][\w.-]*)?$/);
  });

  it('builds the image under the version in package.json', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const built = everyService.filter(([, { build }]) => build !== undefined);
    expect(built.length).toBe(5);
    expect(new Set(built.map(([, { image }]) => image))).toEqual(new Set([`muster:${version}`]));
  });

  it.each(running)('%s: comes back by itself and says how it is', (_name, service) => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/);
  });

  it.each(once)('%s: is waited for until it has ended well, or is a tool started by hand', (name, { profiles }) => {
    const waited = everyService.some(
      ([, { depends_on }]) => depends_on[name]?.condition === 'service_completed_successfully',
    );
    // `up --wait` takes a service that ends for a fault unless somebody depends on its end.
    expect(waited).toBe(profiles.length === 0);
  });

  it.each(everyService)('%s: may do no more than it must', (_name, service) => {
    expect({
      privileged: service.privileged,
      capabilities: [service.cap_drop, service.cap_add],
      escalation: service.security_opt,
      readOnly: service.read_only,
      user: service.user,
    }).toEqual({
      privileged: false,
      capabilities: [['ALL'], []],
      escalation: ['no-new-privileges:true'],
      readOnly: true,
      user: `\${MUSTER_USER:?run sh deploy/make-secrets.sh first}`,
    });
  });

  it.each(everyService)('%s: is reached from this machine alone', (_name, { ports, networks: joined }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    if (ports.length > 0) expect(joined).toContain('outside');
  });

  it('keeps the databases, and whoever needs nothing of the world, off the world', () => {
    expect(Object.entries(networks).filter(([, { internal }]) => internal)).toEqual([
      ['store', { internal: true }],
      ['engine', { internal: true }],
    ]);
    const outside = everyService.filter(([, { networks: joined }]) => joined.includes('outside'));
    expect(outside.map(([name]) => name)).toEqual(['temporal-ui', 'receiver', 'worker', 'operator', 'watch']);
    // The receiver needs Temporal and no database.
    expect(services['receiver']?.networks).not.toContain('store');
  });

  it.each(everyService)('%s: whatever it depends on is there', (_name, { depends_on }) => {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const needed = services[other];
      expect(needed, other).toBeDefined();
      if (condition === 'service_healthy') expect(needed?.healthcheck, other).toBeDefined();
      else
        expect({ condition, restart: needed?.restart }).toEqual({
          condition: 'service_completed_successfully',
          restart: 'no',
        });
    }
  });

  it.each(everyService)('%s: every file that it mounts exists and is mounted to be read', (_name, { volumes }) => {
    for (const { from, mode, isFile } of mountsOf(volumes)) {
      if (!isFile) continue;
      expect(existsSync(from), from).toBe(true);
      expect(mode, from).toBe('ro');
      // It is read by another user than the one it belongs to here.
      expect(statSync(from).mode & 0o004, `${from} can be read by others`).toBe(0o004);
      // PostgreSQL's image runs what is executable, and takes anything else into its own shell.
      if (from.endsWith('.sh')) expect(statSync(from).mode & 0o001, `${from} is executable`).toBe(0o001);
    }
  });

  it.each(everyService)('%s: every secret it is given is declared', (_name, service) => {
    for (const secret of service.secrets)
      expect(secrets[secret], secret).toEqual({ file: `./deploy/secrets/${secret}` });
  });

  it('gives no password by the environment', () => {
    const named = everyService.flatMap(([, { environment }]) => Object.keys(environment));
    expect(named.filter((name) => /PASSWORD|PWD|SECRET|TOKEN|KEY/.test(name) && !name.endsWith('_FILE'))).toEqual([]);
  });

  it.each(everyService.filter(([, { build }]) => build !== undefined))(
    '%s: its command is one of Muster’s',
    async (_name, service) => {
      const [command = ''] = service.command;
      const said: string[] = [];
      const code = await run([command, '--help'], {
        env: {},
        folder: '.',
        out: (text) => said.push(text),
        err: (text) => said.push(text),
        terminal: false,
        stopped: () => new Promise(() => undefined),
      });
      expect({ code, usage: said.join('\n').split('\n')[0] }).toEqual({
        code: 0,
        usage: expect.stringMatching(new RegExp(`^Usage: muster ${command}\\b`)),
      });
    },
  );
});
