// Runs the native tests of every package that has some, under sanitizers, and ends with the line "N passed, N failed".
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = ['packages', 'apps']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .filter((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts?.['test:native'])

let passed = 0
let failed = 0

/** Each package prints a line "passed: …" or "FAILED: …" for every test, or its own "N passed, N failed". */
function count(line) {
  const total = /^(\d+) passed, (\d+) failed/.exec(line)
  if (total) [passed, failed] = [passed + Number(total[1]), failed + Number(total[2])]
  if (line.startsWith('passed: ')) passed++
  if (line.startsWith('FAILED: ')) failed++
}

for (const folder of packages) {
  const failedBefore = failed
  const child = spawn('pnpm', ['run', '-s', 'test:native'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line)
    count(line)
  }
  const status = await new Promise((resolve) =>
    child.exitCode !== null ? resolve(child.exitCode) : child.on('close', resolve),
  )
  if (status !== 0 && failed === failedBefore) failed++
}

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
