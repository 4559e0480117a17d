import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadAddon, systemLimits } from '../src/index.js'
import { temporaryFolder } from './helpers.js'

const folder = temporaryFolder()
let count = 0

/** systemLimits of a machine with these files. */
function limitsOf(files: Record<string, string>): ReturnType<typeof systemLimits> {
  const root = join(folder, String(count++))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return loadAddon().systemLimits(root)
}

const v2 = '31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
const v1 = `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`
const { affinityCores } = systemLimits()

describe.skipIf(process.platform !== 'linux')('cgroup limits', () => {
  it('are none without cgroups', () => {
    expect(limitsOf({})).toMatchObject({ quotaCores: 0, cores: affinityCores })
    expect(limitsOf({ 'proc/self/mountinfo': v2, 'proc/self/cgroup': '0::/a\n' }).quotaCores).toBe(0)
  })

  it('v2: the tightest of the group and its ancestors', () => {
    const limits = limitsOf({
      'proc/self/mountinfo': v2,
      'proc/self/cgroup': '0::/user.slice/app\n',
      'sys/fs/cgroup/user.slice/app/cpu.max': 'max 100000\n',
      'sys/fs/cgroup/user.slice/cpu.max': '50000 100000\n',
      'sys/fs/cgroup/user.slice/app/memory.max': 'max\n',
      'sys/fs/cgroup/user.slice/memory.max': '104857600\n',
    })
    expect(limits).toMatchObject({ quotaCores: 0.5, cores: 1, memoryBytes: 104_857_600 })
  })

  it('v2: a quota above the cores changes nothing, and a part of a core counts as one', () => {
    const cpu = (text: string): ReturnType<typeof systemLimits> =>
      limitsOf({ 'proc/self/mountinfo': v2, 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': text })
    expect(cpu('6400000 100000').cores).toBe(affinityCores)
    expect(cpu('110000 100000')).toMatchObject({ quotaCores: 1.1, cores: Math.min(2, affinityCores) })
  })

  it('v1: quota and period, and a mount that shows a part of the hierarchy', () => {
    const limits = limitsOf({
      'proc/self/mountinfo': v1,
      'proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/abc/x\n2:cpuacct,cpu:/jobs\n',
      'sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us': '100000\n',
      'sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/memory/x/memory.limit_in_bytes': '209715200\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    })
    expect(limits).toMatchObject({ quotaCores: 1, cores: 1, memoryBytes: 209_715_200 })
  })

  it('survives files that make no sense', () => {
    for (const text of ['', 'x y', '-5 100000', '100000 0', '99999999999999999999999 1', '1e9 1', '\0\0', '5']) {
      const limits = limitsOf({
        'proc/self/mountinfo': `${v2}nonsense\n - \n`,
        'proc/self/cgroup': '0::/a/../../b\n:\n',
        'sys/fs/cgroup/cpu.max': text,
        'sys/fs/cgroup/memory.max': text,
      })
      expect(limits.cores).toBe(affinityCores)
    }
  })
})
