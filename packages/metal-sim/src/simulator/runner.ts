import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, folderText, hashOf } from '../cache.js'
import { readBuildFlags } from '../compile/build-flags.js'
import { ToolchainError } from '../errors.js'
import { runtimeDirectory } from '../paths.js'
import { runProcess } from '../process.js'
import { type Toolchain, installAdvice } from '../toolchain.js'

/** Builds the runner if the cache has none of its sources and this compiler. Returns the path of the program. */
export const buildRunner = (
  toolchain: Toolchain,
  mode: 'checked' | 'fast',
  cacheDirectory: string,
  onProgress?: (message: string) => void,
): Promise<string> => {
  const { clang, version } = toolchain
  const { runner } = readBuildFlags()
  const key = hashOf(folderText(runtimeDirectory, /\.(?:cpp|h|json)$/), version, mode)
  return cached(join(cacheDirectory, 'runners', `metal-sim-${mode}-${key}`), async (temporary) => {
    onProgress?.(`metal-sim: building the runner with ${clang}, once (about half a minute) …`)
    const compileFlags = [...runner.compile.all, ...runner.compile[mode]]
    const objects: string[] = []
    const queue = [...runner.sources]
    const work = async (): Promise<void> => {
      for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
        const object = `${temporary}.${source}.o`
        objects.push(object)
        await run(clang, [...compileFlags, '-c', '-o', object, join(runtimeDirectory, source)])
      }
    }
    try {
      await Promise.all([work(), work(), work(), work()])
      await run(clang, [...objects, ...runner.link.all, ...runner.link[mode], '-o', temporary])
    } finally {
      await Promise.all(objects.map((object) => rm(object, { force: true })))
    }
  })
}

const run = async (clang: string, parameters: readonly string[]): Promise<void> => {
  const { status, stderr } = await runProcess(clang, parameters)
  if (status !== 0)
    throw new ToolchainError(`[metal-sim] the runner cannot be built with ${clang}. ${installAdvice}\n${stderr}`)
}
