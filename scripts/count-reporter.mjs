// A vitest reporter: names what was skipped, and ends with the line "N passed, N failed".
import { relative } from 'node:path'
import { missingForSoftwareMetal } from '../packages/metal-core/scripts/software-metal.mjs'

/** Of a file with more skipped tests than this, only their number is told. */
const named = 4

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skipped = []
    for (const module of modules) {
      // A file that fails outside its tests counts as one failure.
      if (module.errors().length > 0) counts.failed++
      const names = []
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state] = (counts[state] ?? 0) + 1
        if (state === 'skipped') names.push(test.fullName)
      }
      const file = relative(process.cwd(), module.moduleId)
      if (names.length > named) skipped.push(`  ${file}: ${names.length} tests`)
      else skipped.push(...names.map((name) => `  ${file}: ${name}`))
    }
    if (counts.skipped > 0) console.log(`${counts.skipped} skipped:\n${skipped.join('\n')}\n`)
    const missing = process.platform === 'linux' ? missingForSoftwareMetal() : undefined
    if (missing !== undefined) console.log(`Tests of Metal sources and of the Metal device were skipped: ${missing}\n`)
    console.log(`${counts.passed} passed, ${counts.failed} failed`)
  }
}
