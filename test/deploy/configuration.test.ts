import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema, loadConfig, parseYaml } from '../../src/config.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { receivingSources } from '../../src/receiver/receiving-source.ts';
import { connectTargets } from '../../src/targets/connect.ts';

/** What stands in comments below a line, as a person would uncomment it. */
function commented(file: string, after: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  const rest = lines.slice(lines.indexOf(after) + 1);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('#')),
    )
    .map((line) => line.slice(1))
    .join('\n');
}

describe('deploy/muster.yaml', () => {
  it('fits the code', () => {
    const config = loadConfig('deploy/muster.yaml');
    expect(receivingSources(config).map((source) => source.path)).toEqual(['/events/workday', '/events/cloudevents']);
    expect(connectTargets(config, async () => '').size).toBe(0);
  });

  it('shows targets that fit the code too, each only looking on', () => {
    const text = `targets:\n${commented('deploy/muster.yaml', 'targets: {}')}`;
    const config = parseYaml(text, 'deploy/muster.yaml', configSchema);
    const targets = connectTargets(config, async () => '');
    expect([...targets.values()].map(({ name, entry }) => [name, entry.mode])).toEqual([
      ['active-directory', 'observe'],
      ['github', 'observe'],
      ['servicenow', 'observe'],
    ]);
  });

  it('shows alerts that fit the code too', () => {
    const text = `alerts:\n${commented('deploy/muster.yaml', 'alerts: {}')}`;
    expect(parseYaml(text, 'deploy/muster.yaml', configSchema).alerts).toEqual({ incidents: 'servicenow' });
  });
});

describe('deploy/policy.yaml', () => {
  it('fits the code, grants nothing and opens no ticket', () => {
    const policy = loadPolicy('deploy/policy.yaml');
    expect({ rules: policy.rules, tickets: policy.transitions.leaver.tickets }).toEqual({ rules: [], tickets: [] });
  });
});
