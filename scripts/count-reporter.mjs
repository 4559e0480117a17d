// A vitest reporter: names what was skipped, and ends with the line "N passed, N failed".
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skipped = []
    for (const module of modules) {
      // A file that fails outside its tests counts as one failure.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state] = (counts[state] ?? 0) + 1
        if (state === 'skipped') skipped.push(`  ${module.project.name}: ${test.fullName}`)
      }
    }
    if (skipped.length > 0) console.log(`${skipped.length} skipped:\n${skipped.join('\n')}\n`)
    console.log(`${counts.passed} passed, ${counts.failed} failed`)
  }
}
