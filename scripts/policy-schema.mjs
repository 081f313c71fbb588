// Writes policy.schema.json from the schema in the code: `npm run policy:schema` (it builds first).
import { writeFileSync } from 'node:fs';
import { policySchemaText } from '../dist/src/policy/json-schema.js';

writeFileSync(new URL('../policy.schema.json', import.meta.url), policySchemaText());
console.log('policy.schema.json written');
