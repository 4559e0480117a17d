// Every benchmark suite of the repository, run by @metal-fp4/bench. `pnpm -s bench --help` lists the flags.
import { runCli } from '../packages/bench/dist/index.js'
import { suites as decodeSuites } from '../apps/e2e-decode/dist/bench.js'
import { suites as kernelSuites } from '../packages/kernels/dist/bench.js'

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort(new Error('interrupted'))
})
process.exitCode = await runCli([...kernelSuites, ...decodeSuites], process.argv.slice(2), { signal: interrupt.signal })
