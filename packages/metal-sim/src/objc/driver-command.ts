import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageDirectory } from '../paths.js'

/**
 * The command of the compiler driver that software Metal's Objective-C classes start: what `metal_sim_configure` of
 * `objc/include/MetalSim/MetalSim.h` takes as `driver`. The built one, or in this repository its source through tsx.
 */
export const objcDriver = (): string[] => {
  const source = join(packageDirectory, 'src', 'objc-driver.ts')
  if (!import.meta.url.endsWith('.ts') || !existsSync(source)) {
    return [process.execPath, join(packageDirectory, 'dist', 'objc-driver.js')]
  }
  const loader = createRequire(import.meta.url).resolve('tsx')
  return [process.execPath, '--import', pathToFileURL(loader).href, '--conditions=@metal-fp4/source', source]
}

/** The folder with `CMakeLists.txt` of the target `metal_sim_objc`. */
export const objcDirectory: string = join(packageDirectory, 'objc')
