/** What this machine can do, what it cannot and why, and what to install. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { packedData } from '../checkpoint/packed-format.js'
import { defaultModel, loadModel } from '../load-model.js'
import { type DoctorSystem, realSystem } from './system.js'

/** `missing` is no fault, where something else does the work. */
export type FindingStatus = 'ok' | 'missing' | 'failed' | 'note'

export interface Finding {
  /** One of a fixed set, for programs: 'node', 'platform', 'addon', 'cpu', 'metal', 'cuda', 'cores', 'memory', 'model', 'decode', 'compilers'. */
  readonly id: string
  readonly status: FindingStatus
  /** What was found. */
  readonly text: string
  /** What to do about it. */
  readonly fix?: string
}

export interface Diagnosis {
  /** Whether something here can decode: the default model did, on the device that a program gets. */
  readonly canDecode: boolean
  /** In a sentence. */
  readonly summary: string
  readonly findings: readonly Finding[]
}

const leastNode = [20, 19] as const

/** Looks at everything, and decodes a few tokens. Nothing is installed or changed. It never throws. */
export async function diagnose(system: DoctorSystem = realSystem): Promise<Diagnosis> {
  const findings: Finding[] = [node(system), platform(system), addon(system)]
  const devices = [await device(system, 'cpu'), await device(system, 'metal'), await device(system, 'cuda')]
  findings.push(...devices, cores(system), memory(system), compilers(system), model())
  const decoded = await decode()
  findings.push(decoded.finding)
  return { canDecode: decoded.backend !== undefined, summary: summarize(decoded.backend, devices, system), findings }
}

function node({ nodeVersion }: DoctorSystem): Finding {
  const [major, minor] = nodeVersion.split('.').map(Number)
  const enough = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])
  const text = `Node.js ${nodeVersion}`
  if (enough) return { id: 'node', status: 'ok', text }
  return {
    id: 'node',
    status: 'failed',
    text,
    fix: `Install Node.js ${leastNode.join('.')} or later: https://nodejs.org`,
  }
}

function platform({ platform: os, arch, libc, release }: DoctorSystem): Finding {
  const prebuilt =
    (os === 'linux' && libc.startsWith('glibc') && ['x64', 'arm64'].includes(arch))
    || (os === 'darwin' && arch === 'arm64')
  const text = `${os} ${arch}, ${os === 'linux' ? libc : `release ${release}`}`
  if (prebuilt) return { id: 'platform', status: 'ok', text: `${text}: prebuilt native packages exist for it` }
  const fix = 'Native packages are built from source here (a C++20 compiler); @metal-fp4/fp4-quant works without any.'
  return { id: 'platform', status: 'missing', text: `${text}: no prebuilt native packages`, fix }
}

function addon(system: DoctorSystem): Finding {
  try {
    return { id: 'addon', status: 'ok', text: `native addon with ${system.backends().join(', ')}` }
  } catch (error) {
    return { id: 'addon', status: 'failed', ...split(error) }
  }
}

async function device(system: DoctorSystem, backend: 'cpu' | 'metal' | 'cuda'): Promise<Finding> {
  try {
    const { name, threads, features, copyGigabytesPerSecond } = await system.openDevice(backend)
    const parts = [
      name,
      ...(threads > 0 ? [`${threads} ${threads === 1 ? 'thread' : 'threads'}`] : []),
      features.join(' '),
      `${copyGigabytesPerSecond.toFixed(1)} GB/s`,
    ]
    return { id: backend, status: 'ok', text: `${backend}: ${parts.filter((part) => part !== '').join(', ')}` }
  } catch (error) {
    if (backend === 'cpu') return { id: backend, status: 'failed', ...split(error) }
    return { id: backend, status: 'missing', ...noGpu(system, backend, error) }
  }
}

/** Why there is no such GPU, as far as one can tell from outside; the device's own reason where it is the better one. */
function noGpu(system: DoctorSystem, backend: 'metal' | 'cuda', error: unknown): { text: string; fix?: string } {
  const own = split(error)
  if (backend === 'metal') {
    if (system.platform !== 'darwin')
      return { text: `metal: not on ${system.platform}; it needs macOS 14 or later on Apple silicon` }
    if (system.arch !== 'arm64')
      return {
        text: 'metal: this Node is for Intel',
        fix: 'Install Node.js for arm64; the Mac has to be one with Apple silicon.',
      }
    return {
      text: `metal: ${own.text}`,
      fix: own.fix ?? 'It needs macOS 14 or later and an M1 or later; virtual machines have no such GPU.',
    }
  }
  const gpu = system.nvidia()
  if (gpu === undefined) return { text: 'cuda: no NVIDIA GPU to be seen' }
  return { text: `cuda: there is an NVIDIA GPU (${gpu}), and it cannot be used: ${own.text}` }
}

function cores(system: DoctorSystem): Finding {
  try {
    const { cores: usable, affinityCores, quotaCores } = system.limits()
    const quota = quotaCores > 0 ? `, a cgroup allows ${quotaCores.toFixed(1)}` : ''
    const text = `${usable} usable ${usable === 1 ? 'core' : 'cores'} (${affinityCores} by affinity${quota})`
    const few =
      usable < 2
        ? {
            fix: 'One core seldom uses all of the memory’s bandwidth, which decoding is bound by: allow more if you can.',
          }
        : {}
    return { id: 'cores', status: 'note', text, ...few }
  } catch (error) {
    return { id: 'cores', status: 'missing', ...split(error) }
  }
}

function memory(system: DoctorSystem): Finding {
  try {
    const { memoryBytes } = system.limits()
    // Half a byte a weight, scales, and room for the cache and the rest.
    const billions = (memoryBytes * 0.75) / 0.57e9
    const text = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory: models of up to about ${billions.toFixed(0)} billion parameters in FP4`
    return { id: 'memory', status: 'note', text }
  } catch (error) {
    return { id: 'memory', status: 'missing', ...split(error) }
  }
}

function compilers(system: DoctorSystem): Finding {
  const found = (['c++', 'g++', 'clang++', 'cmake', 'clang++-19'] as const).flatMap((name) => {
    const version = system.version(name)
    return version === undefined ? [] : [`${name} ${version}`]
  })
  const compiler = found.some((one) => /^(c|g|clang)\+\+ /.test(one))
  const text = `for building from source: ${found.length === 0 ? 'no compiler' : found.join(', ')}`
  return compiler
    ? { id: 'compilers', status: 'note', text }
    : { id: 'compilers', status: 'missing', text, fix: system.compilerHint() }
}

function model(): Finding {
  try {
    const { size } = statSync(join(defaultModel, packedData))
    return { id: 'model', status: 'ok', text: `the stories model, ${(size / 1e6).toFixed(1)} MB` }
  } catch {
    const fix = 'Install @metal-fp4/e2e-decode again; other models work with --model.'
    return { id: 'model', status: 'failed', text: `no model at ${defaultModel}`, fix }
  }
}

async function decode(): Promise<{ finding: Finding; backend?: string }> {
  try {
    await using loaded = await loadModel(defaultModel, { onWarning: () => undefined })
    const generation = loaded.generate('Once upon a time', { maxTokens: 32, temperature: 0 })
    for await (const _ of generation) continue
    const { backend } = loaded.device.info
    const text = `decoded ${generation.summary.tokens.length} tokens of the stories model on ${backend}, ${generation.summary.tokensPerSecond.toFixed(0)} tokens/s`
    return { finding: { id: 'decode', status: 'ok', text }, backend }
  } catch (error) {
    return { finding: { id: 'decode', status: 'failed', ...split(error) } }
  }
}

function summarize(backend: string | undefined, devices: readonly Finding[], system: DoctorSystem): string {
  if (backend === undefined) return 'Nothing here can decode yet. Mend what failed above, the first one first.'
  if (backend !== 'cpu') return `Models run on ${backend}.`
  const gpu = devices.some(({ id, status }) => id !== 'cpu' && status === 'ok')
  if (gpu) return 'Models run on the CPU.'
  const seen =
    system.nvidia() === undefined ? 'there is no GPU that can be used' : 'its GPU cannot be used by this version'
  return `Models run on the CPU: ${seen}, and none is needed. The kernels use the widest instructions that the CPU has; what counts is the bandwidth of its memory.`
}

/** The first line of a message, and what follows as what to do about it. */
function split(error: unknown): { text: string; fix?: string } {
  const message = error instanceof Error ? error.message : String(error)
  const [text, ...rest] = message.split('\n')
  return rest.length === 0 ? { text } : { text, fix: rest.map((line) => line.trimEnd()).join('\n') }
}
