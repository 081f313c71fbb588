import { defineConfig } from 'drizzle-kit';

// `npx drizzle-kit generate --name what-it-does` writes the next migration from the two schema files.
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/directory/schema.ts', './src/ledger/schema.ts'],
  out: './src/directory/migrations',
});
