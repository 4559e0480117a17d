// pnpm test:native: the kernels built under Address- and UndefinedBehaviorSanitizer, fuzzed, and this package's tests again. Both run
// every instruction set that the processor has. Those of AArch64 run in an emulator where there is one. Prints "passed: …" or "FAILED: …".
import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const native = fileURLToPath(new URL('../../../scripts/native.mjs', import.meta.url))
const both = 'under Address- and UndefinedBehaviorSanitizer'

function report(title, status) {
  console.log(`${status === 0 ? 'passed' : 'FAILED'}: ${title}`)
  if (status !== 0) process.exitCode = 1
}

execFileSync(process.execPath, [native, 'library', '--sanitize=address,undefined'], { cwd: root, stdio: 'inherit' })
const built = join(root, 'build/address-undefined/lib')
const sanitizers = { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' }

const fuzz = spawnSync(join(built, 'fuzz'), ['1000', '1'], { env: sanitizers, stdio: ['ignore', 2, 2] })
report(`any problem and any bytes for every kernel ${both}`, fuzz.status)

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
  const tests = spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 2, 2] })
  report(`kernel tests in Node ${both}`, tests.status)
} else {
  console.log(`skipped: kernel tests in Node ${both} (needs LD_PRELOAD; Linux only)`)
}

// The same fuzzer compares NEON, with and without dot products, with plain C++; a processor without them must not meet one.
const emulator = 'qemu-aarch64'
const compiler = 'aarch64-linux-gnu-g++'
const missing = [compiler, emulator].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
if (process.arch === 'x64' && missing.length === 0) {
  execFileSync(process.execPath, [native, 'aarch64'], { cwd: root, stdio: 'inherit' })
  const program = join(root, 'build/aarch64/fuzz')
  for (const [cpu, sets, problems] of [
    ['max', 'plain, neon, neondot', '300'],
    ['cortex-a72', 'plain, neon', '30'],
  ]) {
    const run = spawnSync(emulator, ['-cpu', cpu, program, problems, '1'], { encoding: 'utf8' })
    process.stderr.write(`${run.stdout}${run.stderr}`)
    const title = `any problem for every kernel, with the same bits on ${sets} (${emulator} -cpu ${cpu})`
    report(title, run.stdout.includes(` on ${sets}: `) ? run.status : 1)
  }
} else {
  console.log(`skipped: NEON in an emulator (needs ${compiler} and ${emulator} on an x64 machine)`)
}
