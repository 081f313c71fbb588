import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definitions } from '../../src/targets/index.ts';

const settingsOf = (schema: z.ZodType): string[] =>
  Object.keys(
    z
      .object({ properties: z.record(z.string(), z.unknown()) })
      .parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })).properties,
  );

describe.each(Object.entries(definitions))('%s', (kind, definition) => {
  test('its kind is its folder, and what muster.yaml names', () => {
    expect(definition.kind).toBe(kind);
    expect(readFileSync(`src/targets/${kind}/index.ts`, 'utf8')).toContain(`'${kind}'`);
  });

  test('its README names every setting', () => {
    const readme = readFileSync(`src/targets/${kind}/README.md`, 'utf8');
    const missing = settingsOf(definition.settings).filter((setting) => !new RegExp(`\\b${setting}\\b`).test(readme));
    expect(missing).toEqual([]);
  });

  test('a setting that it does not know is refused, so that a typing error is found', () => {
    const issues = definition.settings.safeParse({ baseUrll: 'https://globaltech.example' }).error?.issues ?? [];
    expect(issues.map((issue) => issue.code)).toContain('unrecognized_keys');
  });
});
