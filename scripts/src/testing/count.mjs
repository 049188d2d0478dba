// What one vitest run came to, read from its JSON report. A runner that left no report, or failed without a failed test, is one failure.
import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/**
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[], skips: string[] }} Count
 * @typedef {{ fullName: string, status: string, failureMessages?: string[] }} Assertion
 * @typedef {{ name: string, status: string, message?: string, assertionResults: Assertion[] }} FileResult
 */

/** @returns {Count} */
export const noneCounted = () => ({ passed: 0, failed: 0, skipped: 0, failures: [], skips: [] });

/** @param {string} suite @param {string} reportFile @param {number} exitCode @returns {Count} */
export function countReport(suite, reportFile, exitCode) {
  const count = noneCounted();
  const fail = (/** @type {string} */ name) => {
    count.failed += 1;
    count.failures.push(`${suite}: ${name}`);
  };
  if (!existsSync(reportFile)) {
    fail(`the runner ended with exit code ${exitCode} and no report`);
    return count;
  }
  const { testResults } = /** @type {{ testResults: FileResult[] }} */ (JSON.parse(readFileSync(reportFile, "utf8")));
  for (const file of testResults) {
    for (const { status, fullName, failureMessages = [] } of file.assertionResults) {
      if (status === "passed") count.passed += 1;
      else if (status === "failed") fail([fullName, ...failureMessages.slice(-1).map(firstLine)].join(" | "));
      else {
        count.skipped += 1;
        count.skips.push(`${suite}: ${fullName}`);
      }
    }
    if (file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"))
      fail(`${file.name} did not load or its hooks failed`);
  }
  if (exitCode !== 0 && count.failed === 0)
    fail(`all tests passed but the runner ended with exit code ${exitCode} (an error outside of tests)`);
  return count;
}

/** Of what went wrong, as much as fits under a list of names. @param {string} message */
const firstLine = (message) => stripVTControlCharacters(message.split("\n", 1)[0] ?? "").slice(0, 300);

/** @param {Count[]} counts @returns {Count} */
export function sum(counts) {
  const total = noneCounted();
  for (const count of counts) {
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
    total.failures.push(...count.failures);
    total.skips.push(...count.skips);
  }
  return total;
}
