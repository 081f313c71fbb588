import { defineConfig } from 'vitest/config';

/** What needs neither a server nor a peer: for a second Node version in CI, and while writing. */
export default defineConfig({
  test: {
    include: ['model', 'policy', 'sources', 'http', 'home'].map((folder) => `test/${folder}/**/*.test.ts`),
    testTimeout: 30_000,
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
