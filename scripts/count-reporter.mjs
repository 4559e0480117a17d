// A vitest reporter: names what was skipped and what failed, and ends with the line "N passed, N failed".
import { relative } from 'node:path'
import { missingForSoftwareMetal } from '../packages/metal-core/scripts/software-metal.mjs'

const firstLine = (error) => (error?.message ?? 'no message').split('\n', 1)[0]

/** Of a file with more skipped tests than this, only their number is told. */
const named = 4

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skipped = []
    const failures = unhandledErrors.map((error) => `outside of tests: ${firstLine(error)}`)
    for (const module of modules) {
      // A file that fails outside its tests counts as one failure.
      if (module.errors().length > 0) counts.failed++
      const file = relative(process.cwd(), module.moduleId)
      failures.push(...module.errors().map((error) => `${file}: ${firstLine(error)}`))
      const names = []
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        counts[state] = (counts[state] ?? 0) + 1
        if (state === 'skipped') names.push(test.fullName)
        if (test.diagnostic()?.flaky)
          console.log(`passed when tried again: ${file}: ${test.fullName}: ${firstLine(errors?.[0])}`)
        if (state === 'failed') failures.push(`${file}: ${test.fullName}: ${firstLine(errors?.[0])}`)
      }
      if (names.length > named) skipped.push(`  ${file}: ${names.length} tests`)
      else skipped.push(...names.map((name) => `  ${file}: ${name}`))
    }
    if (counts.skipped > 0) console.log(`${counts.skipped} skipped:\n${skipped.join('\n')}\n`)
    const missing = process.platform === 'linux' ? missingForSoftwareMetal() : undefined
    if (missing !== undefined) console.log(`Tests of Metal sources and of the Metal device were skipped: ${missing}\n`)
    for (const failure of failures) console.log(`FAILED: ${failure}`)
    console.log(`${counts.passed} passed, ${counts.failed} failed`)
  }
}
