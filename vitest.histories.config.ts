import { defineConfig } from 'vitest/config';

/** Records the histories that `test/replay` replays: `npm run histories`, after a change of workflow code was patched in. */
export default defineConfig({
  test: {
    include: ['test/replay/record.ts'],
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { TZ: 'UTC' },
  },
});
