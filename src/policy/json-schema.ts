import { z } from 'zod';
import { policySchema } from './schema.ts';

/** The JSON Schema of policy.yaml, for editors and other programs. Conditions, templates and zones are checked when it is loaded. */
export function policyJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { io: 'input' });
  return { $schema, title: "Muster's policy.yaml", ...schema };
}

/** The text of policy.schema.json. */
export const policySchemaText = (): string => `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
