import type { KernelDefinition } from '../../src/manifest/types.js'

/** For CMake: the kernels that run on a CPU; each is compiled from `cpu/<name>.cpp`. */
export function cpuKernelList(manifest: readonly KernelDefinition[]): string {
  const names = manifest.filter(({ launch }) => launch.cpu !== undefined).map(({ name }) => name)
  return `# Generated from src/manifest by scripts/generate.ts.\nset(CPU_KERNELS\n${names.map((name) => `  ${name}\n`).join('')})\n`
}
