/** Suites that take minutes together: `npm run test:workflows`. What stands here is not in `npm test`. */
export const slowWorkflows: string[] = [
  'test/workflows/!(identity-event|leaver|hire|move).test.ts',
  'test/watch/{watch,queues,wedged,skipped}.test.ts',
  'test/dry-run/**/*.test.ts',
  'test/start/**/*.test.ts',
];
