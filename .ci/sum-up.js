// Prints one line for all test reports (vitest's JSON) named as arguments: "N passed, N failed, N skipped".
import { readFileSync } from "node:fs";

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  sum.passed += report.numPassedTests;
  // A file that could not even be loaded counts as a failure.
  const broken = report.testResults.filter((it) => it.status === "failed" && it.assertionResults.length === 0).length;
  sum.failed += report.numFailedTests + broken;
  sum.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (sum.failed > 0 || sum.skipped > 0 || sum.passed === 0) process.exitCode = 1;
