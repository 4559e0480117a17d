// pnpm test:native: the kernels built under Address- and UndefinedBehaviorSanitizer, fuzzed, and this package's tests again. Both run
// every instruction set that the processor has. Prints "passed: …" or "FAILED: …".
import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const native = fileURLToPath(new URL('../../../scripts/native.mjs', import.meta.url))
const both = 'under Address- and UndefinedBehaviorSanitizer'

function report(title, status) {
  console.log(`${status === 0 ? 'passed' : 'FAILED'}: ${title} ${both}`)
  if (status !== 0) process.exitCode = 1
}

execFileSync(process.execPath, [native, 'library', '--sanitize=address,undefined'], { cwd: root, stdio: 'inherit' })
const built = join(root, 'build/address-undefined/lib')
const sanitizers = { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' }

const fuzz = spawnSync(join(built, 'fuzz'), ['1000', '1'], { env: sanitizers, stdio: ['ignore', 2, 2] })
report('any problem and any bytes for every kernel', fuzz.status)

if (process.platform === 'linux') {
  const env = {
    ...sanitizers,
    // The runtime has to be there before Node, which leaks on purpose when it exits.
    LD_PRELOAD: execFileSync(process.env.CXX ?? 'c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim(),
    ASAN_OPTIONS: 'detect_leaks=0',
    METAL_FP4_TEST_KERNELS: join(built, 'kernels.so'),
  }
  // Not the tests that start compilers or time things: the runtime would be in their children too.
  const excluded = ['--exclude', 'test/metal.test.ts', '--exclude', 'test/bench.test.ts']
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--root',
    root,
    '--testTimeout',
    '300000',
    ...excluded,
  ]
  report('kernel tests in Node', spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 2, 2] }).status)
} else {
  console.log(`skipped: kernel tests in Node ${both} (needs LD_PRELOAD; Linux only)`)
}
