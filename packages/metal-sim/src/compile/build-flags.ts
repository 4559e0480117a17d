import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../paths.js'

export type Mode = 'checked' | 'fast' | 'counting'

/** Flags of runtime/build.json: the runner and libraries have to be built with the same ones. */
export interface BuildFlags {
  readonly runner: {
    readonly sources: readonly string[]
    readonly compile: PerMode
    readonly link: PerMode
  }
  readonly library: { readonly frontend: PerMode; readonly backend: PerMode }
}

interface PerMode {
  readonly all: readonly string[]
  readonly checked: readonly string[]
  readonly fast: readonly string[]
}

export const readBuildFlags = (): BuildFlags =>
  JSON.parse(readFileSync(join(runtimeDirectory, 'build.json'), 'utf8')) as BuildFlags

/** Counting sources are run by the checked runner, which counts bytes as well. */
export const runnerMode = (mode: Mode): 'checked' | 'fast' => (mode === 'fast' ? 'fast' : 'checked')

export const flagsOf = (flags: PerMode, mode: Mode): string[] => [...flags.all, ...flags[runnerMode(mode)]]
