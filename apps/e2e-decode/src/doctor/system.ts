/** What `doctor` asks of the machine; tests ask a made-up one. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { arch, platform, release } from 'node:os'
import { delimiter, join } from 'node:path'
import { libraryFor } from '@metal-fp4/dispatch'
import { type Backend, type DeviceInfo, createDevice, loadAddon, systemLimits } from '@metal-fp4/metal-core'

export interface DoctorSystem {
  readonly nodeVersion: string
  readonly platform: string
  readonly arch: string
  /** 'glibc 2.36' or 'musl'; '' where there is no choice. */
  readonly libc: string
  readonly release: string
  /** Backends that the native addon has. @throws when there is no addon */
  backends(): readonly string[]
  /** Opens a device and its kernels, and closes both. @throws with the reason why it cannot be had */
  openDevice(backend: Backend): Promise<DeviceInfo>
  limits(): ReturnType<typeof systemLimits>
  /** The NVIDIA driver or device that the system shows, whether it can be used or not. */
  nvidia(): string | undefined
  /** Version of a program on PATH. */
  version(program: string): string | undefined
  /** How to install a compiler here. */
  compilerHint(): string
}

export const realSystem: DoctorSystem = {
  nodeVersion: process.versions.node,
  platform: platform(),
  arch: arch(),
  get libc() {
    return libc()
  },
  release: release(),
  backends: () => loadAddon().backends(),
  async openDevice(backend) {
    using device = await createDevice({ backend, onWarning: () => undefined })
    await libraryFor(device)
    return device.info
  },
  limits: () => systemLimits(),
  nvidia() {
    const file = '/proc/driver/nvidia/version'
    if (existsSync(file)) return /Kernel Module\s+([\d.]+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'driver found'
    return existsSync('/dev/nvidia0') ? '/dev/nvidia0' : undefined
  },
  version(program) {
    // Not through a shell; a program that asks something is not waited for.
    const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 5000 })
    return status === 0 ? (/\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'found') : undefined
  },
  compilerHint() {
    if (platform() === 'darwin') return 'Only needed to build from source: xcode-select --install'
    const managers = [
      ['apt-get', 'apt-get install g++'],
      ['dnf', 'dnf install gcc-c++'],
      ['apk', 'apk add g++'],
      ['pacman', 'pacman -S gcc'],
      ['zypper', 'zypper install gcc-c++'],
    ]
    const [, command] = managers.find(([name]) => onPath(name)) ?? ['', 'install a C++20 compiler']
    return `Only needed to build from source: ${command}`
  },
}

function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)))
}

function libc(): string {
  if (platform() !== 'linux') return ''
  const { report } = process
  // Else it may look host names up.
  ;(report as { excludeNetwork?: boolean }).excludeNetwork = true
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`
}
