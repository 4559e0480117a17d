/** The commands of the packages, for the reference. */
import { createProgram } from '../../apps/e2e-decode/src/cli/program.js'
import type { Terminal } from '../../packages/fp4-quant/src/cli/output.js'
import { createProgram as createQuantProgram } from '../../packages/fp4-quant/src/cli/program.js'
import { makeProgram } from '../../packages/bench/src/cli/program.js'
import { main as simulate } from '../../packages/metal-sim/src/cli/main.js'
import { type CommandSource, programOf } from './cli-reference.js'

/** Nothing is run; the reference only reads definitions. */
const silent: Terminal = {
  out: () => undefined,
  err: () => undefined,
  interactive: false,
  signal: new AbortController().signal,
}

export const commands: readonly CommandSource[] = [
  {
    name: 'fp4-decode',
    package: '@metal-fp4/e2e-decode',
    summary: 'generates text, packs checkpoints and measures models',
    program: () => Promise.resolve(createProgram()),
  },
  {
    name: 'fp4-bench',
    package: '@metal-fp4/bench',
    summary: 'runs benchmark suites and reports shares of the memory roof',
    program: () => Promise.resolve(makeProgram()),
  },
  {
    name: 'fp4-quant',
    package: '@metal-fp4/fp4-quant',
    summary: 'packs safetensors files, and says what is in packed ones',
    program: () => Promise.resolve(createQuantProgram(silent)),
  },
  {
    name: 'metal-sim',
    package: '@metal-fp4/metal-sim',
    summary: 'checks Metal sources and runs kernels with every access looked at',
    program: () => programOf(() => simulate(['node', 'metal-sim', '--help'])),
  },
]
