import { readFileSync } from 'node:fs'
import { ToolchainError } from './errors.js'
import { runProcess } from './process.js'

export interface Toolchain {
  readonly clang: string
  /** First line of `clang --version`. */
  readonly version: string
  /** What it compiles for: `x86_64-pc-linux-gnu`. */
  readonly target: string
}

const oldest = 19
/** What to do without one. */
export const installAdvice =
  'Fix: apt-get install clang-19 libclang-rt-19-dev, or give the path of a clang++ as `clang` or in METAL_SIM_CLANG.'
const found = new Map<string, Promise<Toolchain>>()

/** The compiler that sources and the runner are built with. Without a wish: METAL_SIM_CLANG, clang++-19, newer ones, clang++. */
export const findToolchain = (wish?: string): Promise<Toolchain> => {
  const key = wish ?? process.env.METAL_SIM_CLANG ?? ''
  let search = found.get(key)
  if (!search) {
    search = probe(key === '' ? ['clang++-19', 'clang++-20', 'clang++-21', 'clang++'] : [key])
    found.set(key, search)
    search.catch(() => found.delete(key))
  }
  return search
}

/**
 * Whether sources can be compiled and run on this machine: it is Linux, for the runner, and has a clang with its sanitizers (on
 * Debian a package of their own).
 */
export const clangAvailable = async (): Promise<boolean> => {
  if (process.platform !== 'linux') return false
  try {
    const { clang } = await findToolchain()
    const options = ['-fsanitize=address,undefined', '-x', 'c++', '-', '-o', '/dev/null']
    return (await runProcess(clang, options, { input: 'int main() {}' })).status === 0
  } catch {
    return false
  }
}

const probe = async (candidates: readonly string[]): Promise<Toolchain> => {
  const tried: string[] = []
  for (const clang of candidates) {
    try {
      const { status, stdout } = await runProcess(clang, ['--version'])
      const version = stdout.split('\n')[0] ?? ''
      const major = Number(/clang version (\d+)/.exec(version)?.[1])
      if (status === 0 && major >= oldest && !version.startsWith('Apple')) {
        const target = (await runProcess(clang, ['-print-target-triple'])).stdout.trim()
        return { clang, version, target }
      }
      tried.push(`${clang}: ${version === '' ? `exit status ${String(status)}` : version}`)
    } catch (error) {
      tried.push(`${clang}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new ToolchainError(
    `[metal-sim] expected clang ${String(oldest)} or newer, got ${tried.join('; ')}. ${installAdvice}`,
  )
}

/**
 * Flags for this processor: fused multiply-add and half conversions in hardware, which are many times faster than their functions of the
 * same results.
 */
export const processorFlags = (): string[] => {
  if (process.arch !== 'x64') return []
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(/\s+/) ?? []
    return ['fma', 'f16c', 'avx2', 'bmi', 'bmi2', 'popcnt']
      .filter((name) => flags.includes(name))
      .map((name) => `-m${name}`)
  } catch {
    return []
  }
}
