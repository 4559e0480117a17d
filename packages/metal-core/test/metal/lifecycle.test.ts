import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { addonPath } from '../helpers.js'
import { softwareMetalFiles } from '../support/software-metal.js'
import { probeKernels, probeSource } from './probe.js'
import { describeMetal } from './support.js'

const driver = fileURLToPath(new URL('../drivers/metal-lifecycle.mjs', import.meta.url))

describeMetal('ends of processes and workers', () => {
  it.each(['idle', 'exit', 'collect', 'workers', 'terminate'])('ends well: %s', async (name) => {
    const files = process.platform === 'darwin' ? { addon: addonPath, driver: null } : await softwareMetalFiles()
    const config = JSON.stringify({ ...files, source: probeSource, kernels: probeKernels })
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', driver, config, name], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect({ status, signal, output: stdout + stderr }).toMatchObject({ status: 0, signal: null })
    expect(stdout).toContain('ok')
  })
})
