#!/usr/bin/env node
// Prints the test files of vitest's JSON report that failed, one a line, if they are few enough to be tried again alone: on
// a machine that others use a test may miss its time. More than that is no chance. Exit code 1: there is nothing to try.
// Usage: node .ci/second-try.js REPORT.json
import { readFileSync } from 'node:fs';

const MOST_FILES = 3;

function failedFiles(text) {
  try {
    const { testResults = [] } = JSON.parse(text);
    return testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  } catch {
    return [];
  }
}

const files = failedFiles(readFileSync(process.argv[2], 'utf8'));
if (files.length === 0 || files.length > MOST_FILES) process.exitCode = 1;
else process.stdout.write(`${files.join('\n')}\n`);
