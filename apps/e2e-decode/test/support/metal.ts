/** The Metal device that tests of whole models run on: the GPU of a Mac, software Metal elsewhere. */
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Device, createDevice } from '@metal-fp4/metal-core'
import { type SoftwareMetal, softwareMetalProvider } from '@metal-fp4/metal-core/testing'

export { metalMissing } from '@metal-fp4/metal-core/testing'

/** Addon, runner and kernels are compiled when they are first needed: minutes on a small machine. */
export const metalTimeout = 600_000

/**
 * One mode for a process. `checked`: kernels run under sanitizers, and races are looked for; `fast`: neither. No provider on a Mac.
 */
export async function openMetal(
  mode: 'checked' | 'fast',
): Promise<{ device: Device; provider: SoftwareMetal | undefined }> {
  if (process.platform === 'darwin') return { device: await createDevice({ backend: 'metal' }), provider: undefined }
  const provider = await softwareMetalProvider({ mode, seed: 1 })
  return { device: await createDevice({ backend: 'metal', provider }), provider }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Metal objects that are still there, by class, once what was in flight has ended and nothing of JavaScript's holds one. */
export async function liveObjects({ softwareMetal }: SoftwareMetal): Promise<Readonly<Record<string, number>>> {
  for (let i = 0; i < 100 && Object.keys(softwareMetal.liveObjects()).length > 0; i++) {
    collect()
    await setTimeout(20)
  }
  return softwareMetal.liveObjects()
}
