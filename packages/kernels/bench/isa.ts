/** The GEMV on each instruction set that the processor has, in each precision: what the default precision of a CPU rests on. */
import { type Suite, defineSuite } from '@metal-fp4/bench'
import type { CpuIsa } from '@metal-fp4/metal-core'
import { kernelLibraryFor } from '../src/index.js'
import { precisionsOf } from './formats.js'
import { setupsOf } from './gemv.js'
import { matmulCases } from './matmul-case.js'

const defaults = { shapes: [{ n: 4096, k: 4096 }], m: [1, 8], formats: ['fp4'] }

export const isa: Suite = defineSuite({
  name: 'isa',
  summary: 'a CPU only: gemv_fp4 on each instruction set that the processor has, 4096x4096, M = 1 and 8',
  onlyByName: true,
  async *cases(context) {
    const { device, filter } = context
    const source = kernelLibraryFor(device.info)
    if (source.kind !== 'shared') return
    const { shapes = defaults.shapes, formats = defaults.formats, m = defaults.m } = filter
    const precisions = precisionsOf(device.info.backend, filter)
    for (const name of ['plain', ...[...device.info.features].reverse()] as CpuIsa[]) {
      using library = await device.loadLibrary({ ...source, isa: name })
      // Without vector instructions a product takes so long that the submission does not matter.
      const copiesPerSample = name === 'plain' ? 1 : 'all'
      for (const shape of shapes) {
        for (const format of formats) {
          const setups = m.filter((rows) => rows <= 8).flatMap((rows) => setupsOf(shape, format, rows, precisions))
          yield* matmulCases(
            context,
            library,
            setups.map((setup) => ({ ...setup, variant: name, copiesPerSample })),
          )
        }
      }
    }
  },
})
