import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Minutes of killed processes: `npm run test:faults`.
    exclude: ['test/faults/**', '**/node_modules/**'],
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
