import { describe, expect, it } from 'vitest'
import { type Finding, diagnose } from '../src/doctor/doctor.js'
import { type DoctorSystem, realSystem } from '../src/doctor/system.js'
import { run } from './support/cli.js'

/** A Linux machine without any GPU, on which all else works; what is given differs. */
function system(changes: Partial<DoctorSystem> = {}): DoctorSystem {
  return {
    nodeVersion: '22.4.0',
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc 2.36',
    release: '6.1',
    backends: () => ['cpu'],
    openDevice: (backend) =>
      backend === 'cpu'
        ? realSystem.openDevice('cpu')
        : Promise.reject(new Error(`[createDevice] expected backend '${backend}', got an addon with cpu`)),
    limits: () => ({ cores: 8, affinityCores: 16, quotaCores: 8, memoryBytes: 16 * 2 ** 30 }),
    nvidia: () => undefined,
    version: () => undefined,
    compilerHint: () => 'Only needed to build from source: apt-get install g++',
    ...changes,
  }
}

const find = (findings: readonly Finding[], id: string): Finding => findings.find((finding) => finding.id === id)!

describe('doctor', () => {
  it('on a machine with neither GPU: says so, and that it decodes all the same', async () => {
    const { canDecode, summary, findings } = await diagnose(system())
    expect(canDecode).toBe(true)
    expect(summary).toMatch(/^Models run on the CPU: there is no GPU that can be used, and none is needed\./)
    expect(find(findings, 'metal')).toEqual({ id: 'metal', status: 'missing', text: 'metal: not on linux; it needs macOS 14 or later on Apple silicon' }) // prettier-ignore
    expect(find(findings, 'cuda')).toEqual({ id: 'cuda', status: 'missing', text: 'cuda: no NVIDIA GPU to be seen' })
    expect(find(findings, 'cores').text).toBe('8 usable cores (16 by affinity, a cgroup allows 8.0)')
    expect(find(findings, 'memory').text).toMatch(/^16\.0 GiB of memory: models of up to about 23 billion parameters/)
    expect(find(findings, 'compilers')).toMatchObject({
      status: 'missing',
      fix: expect.stringContaining('g++') as string,
    })
    expect(find(findings, 'decode')).toMatchObject({ status: 'ok', text: expect.stringMatching(/^decoded 32 tokens/) as string }) // prettier-ignore
  })

  it('names an NVIDIA GPU that it cannot use, and why', async () => {
    const { findings, summary } = await diagnose(system({ nvidia: () => '570.86' }))
    expect(find(findings, 'cuda').text).toBe("cuda: there is an NVIDIA GPU (570.86), and it cannot be used: [createDevice] expected backend 'cuda', got an addon with cpu") // prettier-ignore
    expect(summary).toContain('its GPU cannot be used by this version')
  })

  it('says what is wrong with a native part, and what to do', async () => {
    const broken = (): never => {
      throw new Error(
        '[metal-core] expected the native addon, got none that loads:\n  a.node\n    not built\nInstall it.',
      )
    }
    const { findings } = await diagnose(system({ backends: broken, openDevice: () => Promise.resolve().then(broken) }))
    for (const id of ['addon', 'cpu']) {
      expect(find(findings, id)).toMatchObject({ status: 'failed', text: '[metal-core] expected the native addon, got none that loads:', fix: '  a.node\n    not built\nInstall it.' }) // prettier-ignore
    }
  })

  it('knows an old Node, a platform without prebuilt packages, and a Mac with an Intel Node', async () => {
    const old = await diagnose(system({ nodeVersion: '18.20.1', libc: 'musl' }))
    expect(find(old.findings, 'node')).toMatchObject({
      status: 'failed',
      fix: expect.stringContaining('20.19') as string,
    })
    expect(find(old.findings, 'platform')).toMatchObject({ status: 'missing' })
    const mac = await diagnose(system({ platform: 'darwin', libc: '' }))
    expect(find(mac.findings, 'metal')).toMatchObject({ text: 'metal: this Node is for Intel' })
    expect(find(mac.findings, 'platform')).toMatchObject({ status: 'missing' })
  })

  it('is a verb that ends with 0 when something can decode', async () => {
    const { code, stdout, stderr } = await run(['doctor'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ok {3}Node\.js \d+/)
    expect(stdout).toMatch(/\n\nModels run on .+\n$/)
    const json = JSON.parse((await run(['doctor', '--json'])).stdout) as { canDecode: boolean; findings: Finding[] }
    expect(json.canDecode).toBe(true)
    expect(json.findings.map(({ id }) => id)).toEqual(['node', 'platform', 'addon', 'cpu', 'metal', 'cuda', 'cores', 'memory', 'compilers', 'model', 'decode']) // prettier-ignore
  })
})
