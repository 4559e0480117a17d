import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../helpers.js'
import { softwareMetalMissing } from '../support/software-metal.js'

const folder = fileURLToPath(new URL('../../native/metal', import.meta.url))
const headers = fileURLToPath(new URL('../../../metal-sim/objc/include', import.meta.url))
// The IO registry has no stand-in headers.
const sources = readdirSync(folder).filter((name) => name.endsWith('.mm') && name !== 'gpu_cores_iokit.mm')

/** Type-checks a source as for macOS 14, against the stand-in headers; the C and C++ libraries are Linux's. */
async function check(source: string): Promise<string> {
  const target = ['-target', 'x86_64-apple-macos14', '-Werror=unguarded-availability', '-U__APPLE__', '-U__nonnull']
  const language = ['-x', 'objective-c++', '-std=c++20', '-fno-objc-arc', '-fblocks', '-Wall', '-Wextra', '-Werror']
  const linux = ['-D_GNU_SOURCE', '-D__linux__', '-DMETAL_CORE_SOFTWARE_METAL', '-nostdinc++', '-nostdlibinc']
  const system = ['c++/12', 'x86_64-linux-gnu/c++/12', 'x86_64-linux-gnu', ''].flatMap((name) => [
    '-isystem',
    join('/usr/include', name),
  ])
  const args = [...target, ...language, ...linux, '-I', headers, ...system, '-fsyntax-only', resolve(folder, source)]
  return promisify(execFile)('clang++-19', args).then(
    () => '',
    (error: unknown) => String((error as { readonly stderr?: unknown }).stderr),
  )
}

// Where these files are is Debian's business.
const elsewhere = process.arch !== 'x64' || softwareMetalMissing !== undefined

describe.skipIf(elsewhere)('Metal: what macOS 15 brought is guarded', () => {
  it('in every source', async () => {
    const left = [...sources]
    const worker = async (): Promise<void> => {
      for (let source = left.pop(); source !== undefined; source = left.pop()) expect(await check(source)).toBe('')
    }
    await Promise.all([worker(), worker()])
  }, 300_000)

  it('and would be found unguarded', async () => {
    const wrong = 'void f(id<MTLDevice> d) { [d newResidencySetWithDescriptor:nil error:nil]; }'
    const source = join(temporaryFolder(), 'wrong.mm')
    writeFileSync(source, `#import <Metal/Metal.h>\n${wrong}\n`)
    expect(await check(source)).toContain('only available on macOS 15')
  })
})
