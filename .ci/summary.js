#!/usr/bin/env node
// Prints the last line of `.ci/run` from vitest's JSON report, and exits 0 only if everything ran and passed.
// Usage: node .ci/summary.js REPORT.json PREPARE_CODE TEST_CODE CHECK_CODE [SECOND.json SECOND_CODE]
// SECOND is the report of a second try of the files that failed, alone: what passed there only is named.
import { readFileSync } from 'node:fs';

const [file, prepareCode, testCode, checkCode, secondFile, secondCode] = process.argv.slice(2);
const [prepare, check] = [prepareCode, checkCode].map(Number);

function counts(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
    const tests = (report.testResults ?? []).flatMap(({ assertionResults = [] }) => assertionResults);
    const failing = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped, failing };
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failing: [] };
  }
}

const first = counts(file);
const second = secondFile === undefined ? null : counts(secondFile);
const repaired = second !== null && Number(secondCode) === 0 && second.passed > 0 && second.failed === 0;
const tests = repaired ? 0 : Number(testCode);
const failed = repaired ? 0 : first.failed;
const passed = first.passed + (first.failed - failed);
const skipped = first.skipped + (second?.skipped ?? 0);

const reasons = [
  prepare !== 0 && 'the machine could not be prepared',
  tests !== 0 && `npm test ended with ${tests}`,
  check !== 0 && `npm run check ended with ${check}`,
  passed === 0 && 'no test passed',
  failed > 0 && 'tests failed',
  skipped > 0 && 'tests were skipped',
].filter(Boolean);
if (repaired) {
  for (const name of first.failing) process.stdout.write(`passed on a second try only, alone: ${name}\n`);
}
for (const reason of reasons) process.stdout.write(`not green: ${reason}\n`);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = reasons.length === 0 ? 0 : 1;
