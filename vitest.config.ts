import { defineConfig } from 'vitest/config';
import { slowWorkflows } from './vitest.slow.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Minutes of killed processes and of jumping clocks: `npm run test:faults`, `npm run test:workflows`.
    exclude: ['test/faults/**', '**/node_modules/**', ...slowWorkflows],
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
