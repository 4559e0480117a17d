import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NativeLoadError, openNativePart, type NativePart } from '../src/index.js'
import { prebuiltPlatforms } from '../src/platform.js'
import { addonPath, libraryPath, temporaryFolder } from './helpers.js'

const base = temporaryFolder()
const platform = `${process.platform}-${process.arch}`
const require = createRequire(import.meta.url)
const sea = process.getBuiltinModule('node:sea')
const deep = process.env.METAL_FP4_DEEP === '1'
let folder = ''
let part: NativePart
let count = 0

/** A package in an empty folder, as if installed. */
beforeEach(() => {
  folder = join(base, String(count++), 'node_modules')
  const root = join(folder, '@metal-fp4/metal-core')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'package.json'), '{ "name": "@metal-fp4/metal-core", "version": "1.2.3" }')
  part = {
    package: '@metal-fp4/metal-core',
    root: pathToFileURL(`${root}/`),
    built: 'build/Release/x.node',
    what: 'addon',
  }
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
})

/** Where the build in the package's folder is. */
function built(): string {
  const file = fileURLToPath(new URL(part.built, part.root))
  mkdirSync(join(file, '..'), { recursive: true })
  return file
}

/** Where the file of the prebuilt package is. */
function prebuilt(version: string): string {
  const name = `@metal-fp4/metal-core-${platform}`
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name, version }))
  return join(folder, name, 'x.node')
}

function open(): string {
  return openNativePart(part, (path) => {
    require(path)
    return path
  })
}

function failure(): NativeLoadError {
  try {
    open()
  } catch (error) {
    if (error instanceof NativeLoadError) return error
    throw error
  }
  throw new Error('expected a failure')
}

describe('openNativePart', () => {
  it('takes the build in the folder of the package before the prebuilt package', () => {
    copyFileSync(addonPath, prebuilt('1.2.3'))
    expect(open()).toBe(prebuilt('1.2.3'))
    copyFileSync(addonPath, built())
    expect(open()).toBe(built())
  })

  it('says what was tried, why it failed and what to do', () => {
    const error = failure()
    expect(error).toMatchObject({ code: 'ERR_METAL_CORE_NATIVE_LOAD', name: 'NativeLoadError' })
    expect(error.platform).toContain(`${platform} (`)
    expect(error.attempts).toEqual([
      { path: built(), cause: 'not built there' },
      { path: `@metal-fp4/metal-core-${platform}`, cause: 'not installed' },
    ])
    expect(error.message).toContain(`[metal-core] expected the addon of @metal-fp4/metal-core 1.2.3 for ${platform}`)
    expect(error.message).toContain(`npm install @metal-fp4/metal-core-${platform}@1.2.3`)
    expect(error.message).toMatch(/node .*build-from-source\.mjs/)
  })

  it('passes on what the system says, and goes on to the next', () => {
    writeFileSync(built(), 'not a library')
    expect(failure().attempts[0].cause).toMatch(/x\.node: .+/)
    copyFileSync(addonPath, prebuilt('1.2.3'))
    expect(open()).toBe(prebuilt('1.2.3'))
  })

  it('does so too for a library that is opened later', () => {
    const later = (): string => openNativePart(part, (path) => path)
    writeFileSync(built(), 'not a library')
    expect(later).toThrow(NativeLoadError)
    expect(later).toThrow(/x\.node: .+/)
    copyFileSync(libraryPath('probe'), prebuilt('1.2.3'))
    expect(later()).toBe(prebuilt('1.2.3'))
  })

  it('refuses a prebuilt package of another version', () => {
    copyFileSync(addonPath, prebuilt('1.2.2'))
    expect(failure().attempts[1].cause).toBe('version 1.2.2 is installed, and @metal-fp4/metal-core is 1.2.3')
  })

  it('refuses a prebuilt package without the file', () => {
    prebuilt('1.2.3')
    expect(failure().attempts[1].cause).toBe('the package is there, but not this file')
  })

  it
    .runIf(process.platform === 'linux')
    .each([
      ['__builtin_trap()', /SIGILL: it uses instructions that this processor does not have/],
      ['*(volatile int *)0 = 1', /SIGSEGV: the file is damaged/],
      ['abort()', /SIGABRT/],
      ...(deep ? [['for (;;) pause()', /still at it after 10 s/] as const] : []),
    ] as const)(
    'survives a file that ends the process, or hangs, while it is loaded: %s',
    { timeout: 30_000 },
    (statement, cause) => {
      const source = `#include <stdlib.h>\n#include <unistd.h>\n__attribute__((constructor)) static void start(void) { ${statement}; }`
      const args = ['-x', 'c', '-shared', '-fPIC', '-', '-o', built()]
      expect(spawnSync(process.env.CC ?? 'cc', args, { input: source, encoding: 'utf8' })).toMatchObject({ status: 0 })
      expect(failure().attempts[0].cause).toMatch(cause)
    },
  )

  describe.runIf(process.platform !== 'win32')('in an executable that is an application and not Node', () => {
    const { execPath } = process
    afterEach(() => {
      process.execPath = execPath
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
    })

    /** Stands in for process.execPath; gives the file that it makes when it runs. */
    function application(statement: string): string {
      const [script, ran] = [join(folder, 'application'), join(folder, 'ran')]
      writeFileSync(script, `#!/bin/sh\necho >'${ran}'\n${statement}\n`, { mode: 0o755 })
      process.execPath = script
      return ran
    }

    it.each(['exit 3', 'kill -SEGV $$', 'echo metal-fp4 loaded', ...(deep ? ['exec sleep 60'] : [])])(
      'holds nothing against the file when that does: %s',
      (statement) => {
        copyFileSync(addonPath, built())
        const ran = application(statement)
        expect(open()).toBe(built())
        expect(existsSync(ran)).toBe(true)
        expect(existsSync(join(folder, 'cache'))).toBe(false) // what was not opened is not remembered
      },
      30_000,
    )

    it.each([
      ['Node with an application inside', () => vi.spyOn(sea, 'isSea').mockReturnValue(true)],
      ['pkg', () => vi.stubGlobal('process', Object.assign(Object.create(process), { pkg: {} }))],
      [
        'Electron',
        () => vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, electron: '39.0.0' }),
      ],
    ])('starts no second copy of it: %s', (_, pretend) => {
      copyFileSync(addonPath, built())
      const ran = application('exit 3')
      pretend()
      expect(open()).toBe(built())
      expect(existsSync(ran)).toBe(false)
    })
  })

  it('opens libraries that are not addons', () => {
    copyFileSync(libraryPath('probe'), built())
    expect(openNativePart(part, (path) => path)).toBe(built())
  })

  it('starts a child process once for each file', () => {
    copyFileSync(addonPath, built())
    open()
    const notes = join(folder, 'cache/metal-fp4/opened')
    const [note] = readdirSync(notes)
    const before = statSync(join(notes, note)).mtimeMs
    open()
    expect(statSync(join(notes, note)).mtimeMs).toBe(before)
    expect(readdirSync(notes)).toHaveLength(1)
  })

  it('does without a cache folder', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/proc/nowhere')
    copyFileSync(addonPath, built())
    expect(open()).toBe(built())
  })
})

it('knows the platforms that packages are made for', () => {
  const { platforms } = require('../../../scripts/platforms.cjs') as { platforms: { os: string; cpu: string }[] }
  expect(prebuiltPlatforms).toEqual(platforms.map(({ os, cpu }) => `${os}-${cpu}`))
})

it('leaves nothing behind when a build from source fails', () => {
  const temporary = join(base, 'temporary')
  mkdirSync(temporary)
  const script = fileURLToPath(new URL('../scripts/build-from-source.mjs', import.meta.url))
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
  const { status, stderr } = spawnSync(process.execPath, [script, base], { env, encoding: 'utf8' })
  expect(stderr).toContain('expected the folder of a package with a CMakeLists.txt')
  expect(status).toBe(1)
  expect(readdirSync(temporary)).toEqual([])
})

describe('on another platform', () => {
  it('says what works there', () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('freebsd')
    const { message, attempts } = failure()
    expect(attempts[1].cause).toBe('there is none for this platform')
    expect(message).toMatch(/Prebuilt packages are for linux-x64.*@metal-fp4\/fp4-quant works.*build it from source/s)
    vi.restoreAllMocks()
  })
})
