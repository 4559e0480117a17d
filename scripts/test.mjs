// Builds, runs every test, and ends with the line "N passed, N failed[, N skipped]". Arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1

const built = run(process.execPath, ['scripts/build.mjs'])
if (built !== 0) process.exit(built)

const folder = mkdtempSync(join(tmpdir(), 'metal-fp4-test-'))
const report = join(folder, 'report.json')
let status = run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
try {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  // A file that fails to load has no tests to count: it counts as one failure.
  const failed = numFailedTests > 0 || status === 0 ? numFailedTests : Math.max(1, numFailedTestSuites)
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
  if (numPassedTests === 0) status ||= 1
  console.log(`${numPassedTests} passed, ${failed} failed${skipped}`)
} catch (error) {
  console.error(`[test] expected a report from vitest, got none (${error.message}). See the output above.`)
  status ||= 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(status)
