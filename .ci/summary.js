#!/usr/bin/env node
// Prints the last line of `.ci/run` from vitest's JSON report, and exits 0 only if everything ran and passed.
// Usage: node .ci/summary.js REPORT.json PREPARE_CODE TEST_CODE CHECK_CODE
import { readFileSync } from 'node:fs';

const [file, ...codes] = process.argv.slice(2);
const [prepare, tests, check] = codes.map(Number);

function counts(text) {
  try {
    const report = JSON.parse(text);
    const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const { passed, failed, skipped } = counts(readFileSync(file, 'utf8'));
const reasons = [
  prepare !== 0 && 'the machine could not be prepared',
  tests !== 0 && `npm test ended with ${tests}`,
  check !== 0 && `npm run check ended with ${check}`,
  passed === 0 && 'no test passed',
  failed > 0 && 'tests failed',
  skipped > 0 && 'tests were skipped',
].filter(Boolean);
for (const reason of reasons) process.stdout.write(`not green: ${reason}\n`);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = reasons.length === 0 ? 0 : 1;
