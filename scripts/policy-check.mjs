// Runs policy.cases.yaml against policy.yaml and prints what changed: `npm run policy:check [policy.yaml] [cases.yaml]`
// (it builds first). Ends with 0 when every case gives what it says, 1 when one does not or a file has a fault.
import { readFileSync } from 'node:fs';
import { caseReport } from '../dist/src/policy/case-report.js';
import { runCases } from '../dist/src/policy/cases.js';
import { loadPolicy } from '../dist/src/policy/load.js';

const [policyFile = 'policy.yaml', casesFile = 'policy.cases.yaml'] = process.argv.slice(2);
try {
  const { text, changed } = caseReport(runCases(loadPolicy(policyFile), readFileSync(casesFile, 'utf8'), casesFile));
  console.log(text);
  process.exitCode = changed === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
