import { defineConfig } from 'vitest/config';
import { slowWorkflows } from './vitest.slow.ts';

/** Suites without workers of their own: they share a process, because loading the modules anew takes longer than the tests. */
const shared = [
  'deploy',
  'directory',
  'docs',
  'home',
  'http',
  'ledger',
  'model',
  'policy',
  'receiver',
  'sources',
  'targets',
];
const sharing = shared.map((folder) => `test/${folder}/**/*.test.ts`);
// Minutes of killed processes and of jumping clocks: `npm run test:faults`, `npm run test:workflows`.
const others = ['test/faults/**', '**/node_modules/**', ...slowWorkflows];

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/workflow-bundle-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
    projects: [
      { extends: true, test: { name: 'shared', include: sharing, exclude: others, isolate: false } },
      { extends: true, test: { name: 'own', include: ['test/**/*.test.ts'], exclude: [...others, ...sharing] } },
    ],
  },
});
