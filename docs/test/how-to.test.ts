/** "Add a kernel", followed in a copy of the repository: its files go where the page says, and its tests pass. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { clangAvailable } from '@metal-fp4/metal-sim'
import { afterAll, expect, test } from 'vitest'
import { codeBlocks } from '../../scripts/code-blocks.mjs'
import { repository } from './support/pages.js'

const copy = mkdtempSync(join(tmpdir(), 'metal-fp4-how-to-'))
afterAll(() => rmSync(copy, { recursive: true, force: true }))

const clang = await clangAvailable()
const page = readFileSync(`${repository}docs/how-to/add-a-kernel.md`, 'utf8')
const files = codeBlocks(page).flatMap(({ attributes, code }) => {
  const path = attributes.find((word) => word.startsWith('file='))?.slice('file='.length)
  return path === undefined ? [] : [{ path, code }]
})

test('the page has a file for each part of a kernel', () => {
  expect(files.map(({ path }) => path)).toEqual([
    'packages/kernels/src/manifest/scale_rows.ts',
    'packages/kernels/src/oracles/scale_rows.ts',
    'packages/kernels/cpu/scale_rows.cpp',
    'packages/kernels/metal/scale_rows.metal',
    'packages/kernels/test/scale_rows.test.ts',
  ])
})

// Compiles the whole library, for minutes.
test.runIf(process.env.METAL_FP4_DEEP === '1')('following it ends with passing tests', { timeout: 3_600_000 }, () => {
  copyRepository()
  for (const { path, code } of files) writeFileSync(join(copy, path), code)
  list('packages/kernels/src/oracles/index.ts', (text) => `${text}export { scaleRows } from './scale_rows.js'\n`)
  list('packages/kernels/src/manifest/index.ts', (text) =>
    `import { scaleRows } from './scale_rows.js'\n${text}export { scaleRows }\n`.replace(
      '  rmsNorm,\n  addRmsNorm,\n  gemvFp4,',
      '  rmsNorm,\n  scaleRows,\n  addRmsNorm,\n  gemvFp4,',
    ),
  )
  const kernels = join(copy, 'packages/kernels')
  const tsx = ['--conditions=@metal-fp4/source', '--import', import.meta.resolve('tsx')]
  execFileSync(process.execPath, [...tsx, 'scripts/generate.ts'], { cwd: kernels })
  execFileSync(process.execPath, ['../../scripts/native.mjs', 'library'], { cwd: kernels, stdio: 'pipe' })
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
  const output = execFileSync(
    process.execPath,
    [vitest, 'run', '--reporter=verbose', 'test/scale_rows.test.ts', 'test/manifest.test.ts'],
    {
      cwd: kernels,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  expect(output).toMatch(/Test Files {2}2 passed/)
  for (const target of ['cpu', ...(clang ? ['metal'] : [])]) {
    expect(output).toMatch(new RegExp(`✓.* ${target} > ragged`))
  }
})

/** Sources and dependencies, without what is built of the kernels. */
function copyRepository(): void {
  const skipped = /(?:^|\/)(?:dist|\.turbo|build\/(?:lib|cmake|Release.*|cpu.*))$/
  for (const path of [
    'packages/kernels',
    'packages/metal-core',
    'packages/fp4-quant',
    'packages/metal-sim',
    'packages/bench',
  ]) {
    cpSync(join(repository, path), join(copy, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !(path === 'packages/kernels' && skipped.test(source)),
    })
  }
  for (const path of ['scripts', 'tsconfig.base.json', 'vitest.shared.ts', 'package.json']) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(repository, path), join(copy, path), { recursive: true })
  }
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
}

function list(path: string, change: (text: string) => string): void {
  const text = readFileSync(join(copy, path), 'utf8')
  const changed = change(text)
  expect(changed).toContain('scaleRows')
  writeFileSync(join(copy, path), changed)
}
