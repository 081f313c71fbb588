import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';

const published: unknown = JSON.parse(readFileSync('policy.schema.json', 'utf8'));

describe('the published JSON Schema', () => {
  it('is the one that the code reads policy.yaml by ("npm run policy:schema" makes it anew)', () => {
    expect(published).toEqual(policyJsonSchema());
  });

  it("takes GlobalTech's policy, and refuses a key that nobody reads and a duration that is none", () => {
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(policyJsonSchema());
    const policy = () => parse(readFileSync('policy.yaml', 'utf8'));
    const faults = (change: (policy: Record<string, Record<string, unknown>>) => void) => {
      const changed = policy();
      change(changed);
      validate(changed);
      return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
    };
    expect([
      faults(() => {}),
      faults((each) => Object.assign(each['ends'] ?? {}, { lastday: 'now' })),
      faults((each) => Object.assign(each['ends'] ?? {}, { deadline: '15 minutes' })),
    ]).toEqual([[], ['/ends additionalProperties'], ['/ends/deadline pattern']]);
  });
});
