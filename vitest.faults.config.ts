import { defineConfig } from 'vitest/config';

/** Real processes that are killed and started again: minutes, and on their own, because they want both cores. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    env: { TZ: 'UTC' },
  },
});
