// Every benchmark suite of the repository, run by @metal-fp4/bench. `pnpm -s bench --help` lists the flags.
import { readFileSync } from 'node:fs'
import { checkModels, suites as decodeSuites, presets, verbs } from '../apps/e2e-decode/dist/bench.js'
import { runCli } from '../packages/bench/dist/index.js'
import { suites as kernelSuites } from '../packages/kernels/dist/bench.js'

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort(new Error('interrupted'))
})

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const versions = Object.fromEntries(
  ['packages/fp4-quant', 'packages/metal-core', 'packages/kernels', 'packages/dispatch', 'apps/e2e-decode'].map(
    (folder) => {
      const { name, version } = JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), 'utf8'))
      return [name, version]
    },
  ),
)

process.exitCode = await runCli([...kernelSuites, ...decodeSuites], process.argv.slice(2), {
  signal: interrupt.signal,
  verbs,
  presets,
  checkFilter: checkModels,
  versions,
})
