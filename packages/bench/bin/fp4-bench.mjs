#!/usr/bin/env node
// fp4-bench --suite ./my-suite.mjs: runs suites of your own. Not built, so that it can be linked before the build.
import { runCli } from '../dist/index.js'

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort(new Error('interrupted'))
})
process.exitCode = await runCli([], process.argv.slice(2), { signal: interrupt.signal })
