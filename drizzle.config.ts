import { defineConfig } from 'drizzle-kit';

// `npx drizzle-kit generate --name what-it-does` writes the next migration from the schema files.
export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/directory/schema.ts',
    './src/directory/schema-access.ts',
    './src/ledger/schema.ts',
    './src/ledger/schema-decisions.ts',
  ],
  out: './src/directory/migrations',
});
