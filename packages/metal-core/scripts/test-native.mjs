// pnpm test:native: the C++ side under ThreadSanitizer and under Address- and UndefinedBehaviorSanitizer, the latter
// inside Node as well, driven by test/drivers; the Metal device's threads, over software Metal, under ThreadSanitizer. Prints what passed; exits with 1 when something failed.
import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildTestInputs } from '../test/drivers/build.mjs'
import { missingForSoftwareMetal } from './software-metal.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const native = fileURLToPath(new URL('../../../scripts/native.mjs', import.meta.url))
const sanitizerOptions = {
  // Node leaks on purpose when it exits, and asks malloc for more than there is only to be told so.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:abort_on_error=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
}
let failures = 0

function build(mode, sanitize, env = {}) {
  execFileSync(process.execPath, [native, mode, `--sanitize=${sanitize}`], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
}

function run(title, command, args, env = {}) {
  const { status, signal } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...sanitizerOptions, ...env },
  })
  const passed = status === 0
  console.log(`${passed ? 'passed' : 'FAILED'}: ${title}${passed ? '' : ` (${signal ?? `exit code ${status}`})`}`)
  if (!passed) failures++
}

/** The sanitizer's runtime has to be there before Node: where the compiler keeps it. */
function preload(library) {
  const compiler = process.env.CXX ?? 'c++'
  return execFileSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' }).trim()
}

await buildTestInputs()
build('tests', 'thread')
run('native tests under ThreadSanitizer', join(root, 'build/thread/tests/native_test'), [])
const missing = missingForSoftwareMetal()
if (missing === undefined) {
  const { objcDriver } = await import('@metal-fp4/metal-sim')
  build('software-tests', 'thread', { CXX: 'clang++-19' })
  const file = join(root, 'build/thread/software-tests/metal_test')
  run('the Metal device over software Metal under ThreadSanitizer', file, objcDriver())
} else {
  console.log(`skipped: the Metal device under ThreadSanitizer (${missing})`)
}
build('tests', 'address,undefined')
const leaks = { ASAN_OPTIONS: 'detect_leaks=1' }
run(
  'native tests under Address- and UndefinedBehaviorSanitizer',
  join(root, 'build/address-undefined/tests/native_test'),
  [],
  leaks,
)

if (process.platform === 'linux') {
  build('addon', 'address,undefined')
  const addon = join(root, 'build/address-undefined/Release/metal_core.node')
  const env = { LD_PRELOAD: preload('libasan.so') }
  const driver = (name, nodeArgs, ...args) => {
    const file = join(root, 'test/drivers', name)
    run(`${[name, ...args].join(' ')} in Node under both`, process.execPath, [...nodeArgs, file, addon, ...args], env)
  }
  driver('junk-native.mjs', [], '3000')
  driver('junk-typescript.mjs', [], '3000')
  for (const name of [
    'idle',
    'exit',
    'collect',
    'lookup',
    'workers',
    'terminate',
    'terminate-settling',
    'terminate-calling',
    'post',
  ]) {
    driver('lifecycle.mjs', ['--expose-gc'], name)
  }
} else {
  console.log('skipped: the addon under AddressSanitizer in Node (needs LD_PRELOAD; Linux only)')
}
process.exitCode = failures === 0 ? 0 : 1
