import { defineConfig } from 'vitest/config';
import { slowWorkflows } from './vitest.slow.ts';

/** What each event means, line by line, on servers whose clock jumps: minutes, because each test has its own. */
export default defineConfig({
  test: {
    include: slowWorkflows,
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
